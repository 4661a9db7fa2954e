import CPostgres
import Reactor

/// What a COPY … TO STDOUT gives, in pieces of whole rows, as long as somebody takes them: a slow reader slows the server down and
/// costs one piece of memory. Read it once, on its loop; good only inside the closure that received it.
package final class CopyOutput: AsyncSequence, AsyncIteratorProtocol, @unchecked Sendable {
    package typealias Element = [UInt8]

    /// A piece is given on when it has this many bytes; a longer row makes a longer piece.
    private static let pieceSize = 32 * 1024

    private let connection: Connection
    private let deadline: MonotonicTime
    private let limit: Duration
    private(set) var isFinished = false
    var isOver = false

    init(_ connection: Connection, within limit: Duration) {
        self.connection = connection
        self.limit = limit
        deadline = MonotonicTime.now() + limit
    }

    package func makeAsyncIterator() -> CopyOutput { self }

    /// Rows as the statement's format writes them; nil at the end.
    /// - Throws: `PostgresError`.
    package func next() async throws -> [UInt8]? {
        guard !isOver else { throw PostgresError(.misuse, "the COPY is over") }
        if isFinished { return nil }
        do throws(PostgresError) {
            return try await connection.heedingCancellation { () throws(PostgresError) in try await piece() }
        } catch {
            isFinished = true
            throw error
        }
    }

    private func piece() async throws(PostgresError) -> [UInt8]? {
        var piece: [UInt8] = []
        while true {
            guard let handle = connection.handle else { throw connection.lost() }
            var row: UnsafeMutablePointer<CChar>?
            let count = PQgetCopyData(handle, &row, 1)
            if count > 0, let row {
                piece.append(contentsOf: UnsafeRawBufferPointer(start: row, count: Int(count)))
                PQfreemem(row)
                if piece.count >= Self.pieceSize { return piece }
            } else if count == 0 {
                if !piece.isEmpty { return piece }
                try await connection.waitForCopy([.readable], until: deadline, limit)
            } else if count == -1 {
                _ = try await connection.endOfCopy(until: deadline, limit)
                isFinished = true
                return piece.isEmpty ? nil : piece
            } else {
                throw connection.lost()
            }
        }
    }
}

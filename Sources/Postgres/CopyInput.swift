import CPostgres
import Reactor

/// Takes what a COPY … FROM STDIN sends. Each write returns when the server has taken enough for the next: memory stays at one
/// write. Good only inside the closure that received it, on its loop.
package final class CopyInput: @unchecked Sendable {
    /// Rows are gathered into writes of this size.
    private static let writeSize = 32 * 1024

    private let connection: Connection
    private let deadline: MonotonicTime
    private let limit: Duration
    private var gathered: [UInt8] = []
    var isOver = false

    init(_ connection: Connection, within limit: Duration) {
        self.connection = connection
        self.limit = limit
        deadline = MonotonicTime.now() + limit
    }

    /// Bytes in the statement's format; they need not end where a row ends. A malformed row is told at the end.
    package func write(_ bytes: [UInt8]) async throws(PostgresError) {
        try await flushRows()
        try await send(bytes)
    }

    /// One row of a COPY in the text format, which is the default.
    package func write(row: [PostgresParameter]) async throws(PostgresError) {
        CopyText.append(row, to: &gathered)
        if gathered.count >= Self.writeSize { try await flushRows() }
    }

    private func flushRows() async throws(PostgresError) {
        let rows = gathered
        gathered.removeAll(keepingCapacity: true)
        try await send(rows)
    }

    private func send(_ bytes: [UInt8]) async throws(PostgresError) {
        guard !isOver else { throw PostgresError(.misuse, "the COPY is over") }
        guard !bytes.isEmpty else { return }
        try await connection.heedingCancellation { () throws(PostgresError) in
            var offset = 0
            while offset < bytes.count {
                let count = min(bytes.count - offset, 256 * 1024)
                let taken = bytes[offset..<(offset + count)].withUnsafeBytes { piece in
                    PQputCopyData(
                        connection.handle, piece.baseAddress?.assumingMemoryBound(to: CChar.self), Int32(count))
                }
                guard taken >= 0 else { throw connection.lost() }
                if taken == 1 { offset += count }
                try await connection.flushCopy(until: deadline, limit)
            }
        }
    }

    /// - Parameter failure: words for the server's log when nothing is to be kept; nil commits.
    /// - Returns: how many rows were taken.
    func finish(failure: String?) async throws(PostgresError) -> Int {
        if failure == nil { try await flushRows() }
        isOver = true
        return try await connection.heedingCancellation { () throws(PostgresError) in
            guard PQputCopyEnd(connection.handle, failure) == 1 else { throw connection.lost() }
            try await connection.flushCopy(until: deadline, limit)
            return try await connection.endOfCopy(until: deadline, limit)
        }
    }
}

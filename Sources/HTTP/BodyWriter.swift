/// Where a streamed answer's content goes (`Response.stream`). Used by one task at a time, on the connection's loop (`@unchecked
/// Sendable` on that ground).
///
/// Every call throws `CancellationError` once the client has gone or doesn't take what it is sent; the handler just lets it through.
package final class BodyWriter: @unchecked Sendable {
    /// In bytes: what `append` gathers before it is sent.
    private static let pieceSize = 32 * 1024

    private let send: (_ piece: ArraySlice<UInt8>) async throws -> Bool
    private var gathered: [UInt8] = []
    private var hasBegun = false
    private var isOver = false

    /// - Parameter send: returns when the piece has been taken; false when nobody takes more.
    init(send: @escaping (_ piece: ArraySlice<UInt8>) async throws -> Bool) {
        self.send = send
    }

    /// Sends the bytes, and returns when the system has taken all of them: a slow reader makes a slow writer.
    package func write(_ bytes: [UInt8]) async throws {
        gathered.append(contentsOf: bytes)
        try await flush()
    }

    /// As `write`, but small pieces are gathered into larger ones: for rows.
    package func append(_ bytes: [UInt8]) async throws {
        gathered.append(contentsOf: bytes)
        if gathered.count >= Self.pieceSize { try await flush() }
    }

    /// Sends what was gathered. Before anything was written it sends the head: from then on a failure can't become a problem answer.
    package func flush() async throws {
        guard !isOver, !Task.isCancelled else { throw CancellationError() }
        guard !gathered.isEmpty || !hasBegun else { return }
        hasBegun = true
        let piece = gathered
        gathered.removeAll(keepingCapacity: piece.count <= 2 * Self.pieceSize)
        var rest = piece[...]
        repeat {
            let next = rest.prefix(2 * Self.pieceSize)
            rest = rest.dropFirst(next.count)
            guard try await send(next) else {
                isOver = true
                throw CancellationError()
            }
        } while !rest.isEmpty
    }
}

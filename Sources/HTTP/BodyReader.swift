/// The content of a request, piece by piece (`Request.content`). Used by one task at a time, on the connection's loop (`@unchecked
/// Sendable` on that ground).
///
/// What the handler doesn't take stays in the system's buffers and in the end with the client: a slow handler makes a slow sender.
package final class BodyReader: @unchecked Sendable {
    private let incoming: IncomingBody?
    private let connection: Connection?
    private var whole: [UInt8]?

    init(_ incoming: IncomingBody, from connection: Connection) {
        self.incoming = incoming
        self.connection = connection
    }

    init(whole: [UInt8]) {
        self.whole = whole
        incoming = nil
        connection = nil
    }

    var isAbandoned: Bool { incoming?.isAbandoned ?? false }

    /// The next piece, never empty; nil after the last. The first call asks a client that waits for it to send (RFC 9110 §10.1.1).
    ///
    /// - Throws: `HTTPError` for content that is too large, malformed or late; `CancellationError` when the client has left, or the
    ///   request has been answered already.
    package func next() async throws -> [UInt8]? {
        guard let incoming, let connection else {
            defer { whole = nil }
            return whole.flatMap { $0.isEmpty ? nil : $0 }
        }
        return try await connection.nextPiece(of: incoming)
    }
}

import Base

/// Content that is made while it is sent.
struct StreamedBody: Sendable {
    let produce: @Sendable (BodyWriter) async throws -> Void
    /// It ends only with its client: a server that stops doesn't wait for it.
    var isEndless = false
    /// Bytes sent whenever nothing else was for so long.
    var heartbeat: (every: Duration, bytes: [UInt8])?
    /// Compressed on its way, as its answer's Content-Encoding says.
    var compression: GzipStream.Kind?
}

extension Response {
    /// An answer whose content `produce` writes piece by piece: chunked, or up to the close for HTTP/1.0 (RFC 9112 §7.1, §6.3).
    ///
    /// `produce` runs on the connection's loop, in a task that is cancelled when the client goes away; it isn't run for HEAD. What it
    /// throws before the first piece is sent becomes a problem answer as if the handler had thrown it; later, the connection is cut, so
    /// that nobody takes the part for the whole. Middleware has returned by then.
    package static func stream(
        _ status: Status = .ok, type: String, headers: [(String, String)] = [],
        _ produce: @escaping @Sendable (BodyWriter) async throws -> Void
    ) -> Response {
        var response = Response(status, headers: [("Content-Type", type)] + headers)
        response.source = .stream(StreamedBody(produce: produce))
        return response
    }

    /// The content as bytes, for tests and calls from inside. A stream is run to its end and not compressed, a file read.
    package func collected() async throws -> [UInt8] {
        switch source {
        case nil: return body
        case .file(let file, let range): return try file.read(range)
        case .stream(let stream):
            var content: [UInt8] = []
            let writer = BodyWriter { piece in
                content.append(contentsOf: piece)
                return true
            }
            try await stream.produce(writer)
            try await writer.flush()
            return content
        }
    }
}

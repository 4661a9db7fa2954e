import Base
import Reactor

/// One server-sent event (HTML Living Standard §9.2).
package struct ServerEvent: Sendable {
    /// What a client that comes back names as the last it has seen.
    package var id: String?
    /// The kind that a page's listeners name; "message" when nil.
    package var event: String?
    package var data: String
    /// How long the client waits before it connects again.
    package var retry: Duration?

    package init(_ data: String, event: String? = nil, id: String? = nil, retry: Duration? = nil) {
        self.data = data
        self.event = event
        self.id = id
        self.retry = retry
    }

    /// Line ends in the data become lines of it; in id and kind, where they would start a field, spaces. A NUL would void the id.
    var bytes: [UInt8] {
        var text = ""
        if let id { text += "id: \(Self.oneLine(id))\n" }
        if let event { text += "event: \(Self.oneLine(event))\n" }
        if let retry { text += "retry: \(max(0, retry.wholeNanoseconds / 1_000_000))\n" }
        let normal = data.replacing("\r\n", with: "\n").replacing("\r", with: "\n")
        for line in normal.split(separator: "\n", omittingEmptySubsequences: false) { text += "data: \(line)\n" }
        return Array((text + "\n").utf8)
    }

    private static func oneLine(_ text: String) -> String {
        String(String.UnicodeScalarView(text.unicodeScalars.map { $0.value < 0x20 ? " " : $0 }))
    }
}

/// Sends events to one client (`Response.events`); every call throws `CancellationError` once the client has gone.
package struct EventStream: Sendable {
    /// What the client saw last before it lost the line; nil for one that comes anew.
    package let lastEventID: String?
    private let writer: BodyWriter

    init(_ writer: BodyWriter, lastEventID: String?) {
        self.writer = writer
        self.lastEventID = lastEventID
    }

    /// Returns when the system has taken the event. A client that reads slower than events come holds its sender here, so what is
    /// sent should be read anew after each call rather than queued.
    package func send(_ event: ServerEvent) async throws { try await writer.write(event.bytes) }
}

extension Request {
    /// The `Last-Event-ID` of an `EventSource` that connects again.
    package var lastEventID: String? { header("last-event-id").flatMap { $0.isEmpty ? nil : $0 } }
}

extension Response {
    /// Events for as long as the client listens. `produce` ends by cancellation when the client goes away or the server stops; when
    /// it returns, the client connects again after its retry time.
    ///
    /// - Parameter heartbeat: after so long without an event a comment is sent, so that proxies keep the line and a lost client is found.
    package static func events(
        for request: Request, heartbeat: Duration = .seconds(15),
        _ produce: @escaping @Sendable (EventStream) async throws -> Void
    ) -> Response {
        let lastEventID = request.lastEventID
        var response = Response(headers: [
            ("Content-Type", "text/event-stream"), ("Cache-Control", "no-store"),
            // nginx would otherwise gather events before it passes them on.
            ("X-Accel-Buffering", "no"),
        ])
        response.source = .stream(
            StreamedBody(
                produce: { writer in
                    // The head goes out now: the client's `onopen` doesn't wait for the first event.
                    try await writer.flush()
                    try await produce(EventStream(writer, lastEventID: lastEventID))
                }, isEndless: true, heartbeat: (heartbeat, Array(":\n\n".utf8))))
        return response
    }
}

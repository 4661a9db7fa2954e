import Base
import Reactor
import Synchronization
import Testing

@testable import HTTP

/// A client that leaves before its answer.
@Suite(.serialized, .timeLimit(.minutes(10)))
struct AbandonedRequestTests {
    private enum Event: Hashable { case began, cancelled, finished }

    /// What the handlers did, in order.
    private final class Events: Sendable {
        private let all = Mutex<[Event]>([])
        func note(_ event: Event) { all.withLock { $0.append(event) } }
        var noted: [Event] { all.withLock { $0 } }

        func wait(for count: Int) async throws {
            while noted.count < count { try await Task.sleep(for: .milliseconds(1)) }
        }
    }

    @Test(arguments: [
        (Method.get, Access.signedIn, true), (.get, .anyone, false), (.post, .signedIn, false),
        (.get, .known, false), (.get, .roles(["buyer"]), true),
    ])
    func `a person's question ends with its client, a stranger's message and a change do not`(
        method: HTTP.Method, access: Access, isCancelled: Bool
    ) async throws {
        let events = Events()
        let slow = Route(method, "/slow", access: access, summary: "") { request in
            events.note(.began)
            guard let loop = request.loop else { throw CancellationError() }
            // A statement would be cancelled the same way: by its task.
            let wasWhole = await loop.sleep(for: isCancelled ? .seconds(600) : .milliseconds(50))
            events.note(wasWhole ? .finished : .cancelled)
            return .text("late")
        }
        try await withServer(routes: [slow]) { server in
            do {
                let client = try RawClient(port: server.port)
                if method == .get {
                    try client.get("/slow")
                } else {
                    try client.send("POST /slow HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n")
                }
                try await events.wait(for: 1)
            }
            try await events.wait(for: 2)
            #expect(events.noted == [.began, isCancelled ? .cancelled : .finished])
        }
    }
}

import Reactor
import Synchronization

/// Outgoing HTTP for the whole process; a request goes out on the loop it is made on (DESIGN, rule 1). Any thread, any task.
///
/// ```swift
/// let response = try await fetch.send(OutgoingRequest(.get, url, headers: ["Accept": "application/json"], deadline: .seconds(15)))
/// ```
package struct Fetch: Sendable {
    private let fetchers: [Fetcher]
    private let turn: Turn

    /// One `Fetcher` per loop; `loops` is not empty.
    package init(loops: [EventLoop], options: FetchOptions = FetchOptions()) {
        precondition(!loops.isEmpty, "requests need a loop to run on")
        fetchers = loops.map { Fetcher(loop: $0, options: options) }
        turn = Turn()
    }

    /// Waits for the whole answer, of whatever status. Cancelling the task ends the request.
    package func send(_ request: OutgoingRequest) async throws(FetchError) -> FetchResponse {
        if let here = fetchers.first(where: { $0.loop.isCurrent }) {
            return try await here.send(request)
        }
        // The request's own task would start before it could be cancelled.
        if Task.isCancelled { throw .cancelled(sent: false) }
        let fetcher = fetchers[turn.next(of: fetchers.count)]
        let task = Task(executorPreference: fetcher.loop) { await fetcher.result(of: request) }
        return try await withTaskCancellationHandler {
            await task.value
        } onCancel: {
            task.cancel()
        }.get()
    }

    /// Ends what is still running with `cancelled` and closes all connections. Later requests fail with `cancelled`. The loops must
    /// still be running.
    package func close() async {
        for fetcher in fetchers {
            await Task(executorPreference: fetcher.loop) { fetcher.close() }.value
        }
    }

    /// Hands out the loops in rotation to callers that are on none.
    private final class Turn: Sendable {
        private let count = Atomic<Int>(0)

        func next(of length: Int) -> Int {
            let (old, _) = count.wrappingAdd(1, ordering: .relaxed)
            return Int(UInt(bitPattern: old) % UInt(length))
        }
    }
}

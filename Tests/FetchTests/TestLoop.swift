import Fetch
import Glibc
import Reactor

/// One loop with its fetcher, running until the value goes.
final class TestLoop: Sendable {
    let loop: EventLoop
    let fetch: Fetch

    init(options: FetchOptions = FetchOptions(userAgent: "Sluice/test")) throws {
        signal(SIGPIPE, SIG_IGN)
        loop = try EventLoop(name: "fetch-test")
        fetch = Fetch(loops: [loop], options: options)
        loop.start()
    }

    deinit { loop.stop() }

    /// The error of a request that must fail.
    func failure(of request: OutgoingRequest) async -> FetchError? {
        do throws(FetchError) {
            _ = try await fetch.send(request)
            return nil
        } catch {
            return error
        }
    }
}

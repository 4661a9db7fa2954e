import Glibc
import Synchronization
import Testing

@testable import Reactor

@Suite(.timeLimit(.minutes(10)))
struct HelperThreadTests {
    @Test func `gives the result back to the loop, which it does not hold meanwhile`() async throws {
        try await onLoop { loop in
            let helper = HelperThread(name: "test-helper")
            let gate = HelperThread.Signal()
            async let answer = helper.run {
                gate.wait()
                return 42
            }
            // Were the loop held, this would never be reached.
            await loop.settle()
            gate.raise()
            #expect(await answer == 42)
            #expect(loop.isCurrent)
        }
    }

    @Test func `does one thing after the other, in order`() async throws {
        let helper = HelperThread(name: "test-helper")
        let done = Mutex<[Int]>([])
        try await onLoop { loop in
            var tasks: [Task<Void, Never>] = []
            for number in 0..<100 {
                tasks.append(loop.spawn { await helper.run { done.withLock { $0.append(number) } } })
            }
            for task in tasks { await task.value }
        }
        #expect(done.withLock { $0 } == Array(0..<100))
    }

    @Test func `many raises before a wait release it once`() async {
        let signal = HelperThread.Signal()
        for _ in 0..<3 { signal.raise() }
        signal.wait()
        let helper = HelperThread(name: "test-helper")
        let order = Mutex<[String]>([])
        async let second: Void = helper.run {
            signal.wait()
            order.withLock { $0.append("released") }
        }
        order.withLock { $0.append("raised") }
        signal.raise()
        await second
        #expect(order.withLock { $0 } == ["raised", "released"])
    }

    @Test func `its threads take no signals`() async {
        let helper = HelperThread(name: "test-helper")
        let blocked = await helper.run {
            var set = sigset_t()
            pthread_sigmask(SIG_SETMASK, nil, &set)
            return [SIGTERM, SIGINT, SIGHUP].allSatisfy { sigismember(&set, $0) == 1 }
        }
        #expect(blocked)
    }
}

import Synchronization
import Testing

@testable import Reactor

@Suite(.timeLimit(.minutes(10)))
struct BellTests {
    @Test func `a ring before the wait counts, once`() async throws {
        try await onLoop { loop in
            let bell = Bell(loop: loop)
            bell.ring()
            bell.ring()
            await bell.wait(atMost: .seconds(3600))
            let waits = loop.spawn { await bell.wait(atMost: .seconds(3600)) }
            let ended = Mutex(false)
            let watch = loop.spawn {
                await waits.value
                ended.withLock { $0 = true }
            }
            await loop.settle()
            #expect(!ended.withLock { $0 })
            bell.ring()
            await watch.value
        }
    }

    @Test func `rings from any thread`() async throws {
        try await onLoop { loop in
            let bell = Bell(loop: loop)
            for _ in 0..<100 {
                HelperThread.detach(name: "ringer") { bell.ring() }
                await bell.wait(atMost: .seconds(3600))
            }
        }
    }

    @Test func `ends by itself after a while`() async throws {
        try await onLoop { loop in
            let bell = Bell(loop: loop)
            await bell.wait(atMost: .milliseconds(1))
            await bell.wait(atMost: .zero)
        }
    }
}

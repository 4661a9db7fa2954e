import Reactor
import Synchronization
import TestGround
import Testing

@testable import Postgres

@Suite(.timeLimit(.minutes(5))) struct DatabaseProbeTests {
    @Test func `a crowd of askers costs one question, and a later asker another`() async throws {
        try await onLoop { loop in
            let asked = Atomic<Int>(0)
            let gate = Bell(loop: loop)
            let probe = DatabaseProbe(loops: [loop], lasting: .milliseconds(40)) {
                let number = asked.wrappingAdd(1, ordering: .relaxed).newValue
                if number == 1 { await gate.wait(atMost: .seconds(600)) }
                return number == 1
            }
            let crowd = (0..<500).map { _ in Task(executorPreference: loop) { await probe.isReady() } }
            // One who leaves takes nobody's answer along.
            crowd[0].cancel()
            await loop.sleep(for: .milliseconds(1))
            gate.ring()
            var yes = 0
            for asker in crowd where await asker.value { yes += 1 }
            #expect(yes == 500)
            #expect(asked.load(ordering: .relaxed) == 1)

            await loop.sleep(for: .milliseconds(60))
            #expect(await probe.isReady() == false)
            #expect(asked.load(ordering: .relaxed) == 2)
        }
    }

    @Test func `an answer stands for a while, on the loop where it was given`() async throws {
        try await onLoop { loop in
            let other = try EventLoop(name: "other")
            other.start()
            defer { other.stop() }
            let asked = Atomic<Int>(0)
            let probe = DatabaseProbe(loops: [loop, other], lasting: .seconds(3600)) {
                asked.add(1, ordering: .relaxed)
                return true
            }
            for _ in 0..<10 { #expect(await probe.isReady()) }
            #expect(asked.load(ordering: .relaxed) == 1)
            for _ in 0..<10 { #expect(await Task(executorPreference: other) { await probe.isReady() }.value) }
            #expect(asked.load(ordering: .relaxed) == 2)
        }
    }
}

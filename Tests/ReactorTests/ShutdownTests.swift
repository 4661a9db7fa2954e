import Base
import Reactor
import Synchronization
import TestGround
import Testing

@Suite(.timeLimit(.minutes(5))) struct ShutdownTests {
    private final class Records: Sendable {
        let text = Mutex("")
        var log: Logger {
            Logger(component: "test") { record in
                self.text.withLock { $0 += String(decoding: record, as: UTF8.self) }
            }
        }
    }

    @Test func `steps run in their order, and one that hangs is named, cancelled and left behind`() async throws {
        let records = Records()
        let seen = try await onLoop { loop in
            let shutdown = Shutdown(loop: loop, limit: .seconds(3600), log: records.log)
            shutdown.begin()
            let seen = Mutex<[String]>([])
            let never = Bell(loop: loop)
            await shutdown.step("first", until: .seconds(600)) { seen.withLock { $0.append("first") } }
            await shutdown.step("stuck", until: .milliseconds(1)) {
                await withTaskCancellationHandler {
                    await never.wait(atMost: .seconds(3600))
                } onCancel: {
                    seen.withLock { $0.append("cancelled") }
                }
            }
            // Its last moment is over before it begins; what needs no wait is done all the same.
            await shutdown.step("last", until: .zero) { seen.withLock { $0.append("last") } }
            await loop.sleep(for: .milliseconds(1))
            never.ring()
            return seen.withLock { $0 }
        }
        #expect(seen == ["first", "cancelled", "last"])
        let text = records.text.withLock { $0 }
        #expect(text.contains("step=stuck") && !text.contains("step=first"), "\(text)")
    }

    @Test func `at its limit the process is ended although its loop is busy`() async throws {
        let records = Records()
        let ended = HelperThread.Signal()
        try await onLoop { loop in
            let shutdown = Shutdown(loop: loop, limit: .milliseconds(20), log: records.log) { ended.raise() }
            shutdown.begin()
            await shutdown.step("the stubborn one", until: .seconds(600)) {
                // The loop's own thread waits here, and nothing that needs it can run.
                ended.wait()
            }
            #expect(shutdown.time(until: .milliseconds(20)) == .zero)
            #expect(shutdown.time(until: .seconds(3600)) > .seconds(60))
        }
        #expect(records.text.withLock { $0 }.contains("step=\"the stubborn one\""))
    }
}

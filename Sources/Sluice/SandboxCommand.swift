import Base
import Reactor
import Sandbox

/// `sandbox`: the simulated Keitaro by itself, until a signal.
enum SandboxCommand {
    static func run(port: UInt16, loop: EventLoop, log: Logger) async throws -> Int32 {
        let keitaro = KeitaroSandbox(seed: Demo.seed, loop: loop, file: nil, log: log.component("sandbox"))
        let port = try keitaro.start(port: port, log: log.component("sandbox"))
        print("http://127.0.0.1:\(port)")
        flushOutput()
        let stop = try StopSignal(loop: loop, log: log)
        await stop.wait()
        await keitaro.stop()
        return 0
    }
}

import CLinux
import Glibc
import Reactor
import Testing

/// Runs `body` on an event loop of its own, which stops afterwards.
func onLoop<Value: Sendable>(_ body: @escaping @Sendable (EventLoop) async throws -> Value) async throws -> Value {
    let loop = try EventLoop(name: "test")
    loop.start()
    defer { loop.stop() }
    return try await Task(executorPreference: loop) { try await body(loop) }.value
}

extension EventLoop {
    /// Returns after the loop has asked the system for events and delivered them, several times over.
    func settle() async {
        for _ in 0..<4 {
            await withUnsafeContinuation { (continuation: UnsafeContinuation<Void, Never>) in
                execute { continuation.resume() }
            }
        }
    }
}

/// Two connected, non-blocking stream sockets; both are closed with the pair.
final class SocketPair: Sendable {
    let near: Int32
    let far: Int32

    init() {
        var pair: [Int32] = [-1, -1]
        precondition(socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue), 0, &pair) == 0)
        near = pair[0]
        far = pair[1]
    }

    deinit {
        close(near)
        close(far)
    }

    /// Sends one byte from the far end to the near one.
    func knock() {
        let byte: [UInt8] = [1]
        precondition(sluice_send(far, byte, 1) == 1)
    }

    func read() -> Int {
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        return recv(near, &buffer, buffer.count, 0)
    }
}

/// Calls a closure with each event; on the loop's thread only.
final class EventRecorder: ReadinessHandler {
    private let call: (ReadyEvents) -> Void
    init(_ call: @escaping (ReadyEvents) -> Void) { self.call = call }
    func ready(_ events: ReadyEvents) { call(events) }
}

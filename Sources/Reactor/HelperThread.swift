import CLinux
import Glibc
import Synchronization

/// One thread for what may block and has no other way: name lookups, process waits, large file reads (DESIGN, rule 1).
package final class HelperThread: Sendable {
    private struct State {
        var queue: [@Sendable () -> Void] = []
    }
    private let state = Mutex(State())
    private let bell = Signal()

    package init(name: String) {
        Self.detach(name: name) { [self] in
            while true {
                let work = state.withLock { state in
                    defer { state.queue = [] }
                    return state.queue
                }
                if work.isEmpty { bell.wait() } else { work.forEach { $0() } }
            }
        }
    }

    /// The process's one helper thread.
    package static let shared = HelperThread(name: "helper")

    /// Runs `work` on the helper thread; the caller's task waits without holding its loop.
    package func run<Value: Sendable>(_ work: @escaping @Sendable () -> Value) async -> Value {
        await withUnsafeContinuation { continuation in
            state.withLock { $0.queue.append { continuation.resume(returning: work()) } }
            bell.raise()
        }
    }

    /// Starts a detached thread. All signals are blocked in it, so they reach only the loop that asked for them.
    package static func detach(name: String, _ body: @escaping @Sendable () -> Void) {
        final class Start: Sendable {
            let body: @Sendable () -> Void
            init(_ body: @escaping @Sendable () -> Void) { self.body = body }
        }
        var thread = pthread_t()
        let start = Unmanaged.passRetained(Start(body)).toOpaque()
        let result = pthread_create(
            &thread, nil,
            { argument in
                guard let argument else { return nil }
                var all = sigset_t()
                sigfillset(&all)
                pthread_sigmask(SIG_BLOCK, &all, nil)
                Unmanaged<Start>.fromOpaque(argument).takeRetainedValue().body()
                return nil
            }, start)
        precondition(result == 0, "pthread_create failed: the system has no room for a thread")
        pthread_setname_np(thread, String(name.prefix(15)))
        pthread_detach(thread)
    }

    /// A counting bell between threads: `raise` never blocks, `wait` returns once for any number of raises since the last one.
    package final class Signal: Sendable {
        private let fd: Int32
        package init() { fd = eventfd(0, Int32(EFD_CLOEXEC)) }
        deinit { close(fd) }

        package func raise() {
            var one: UInt64 = 1
            _ = write(fd, &one, 8)
        }

        package func wait() {
            var count: UInt64 = 0
            while read(fd, &count, 8) < 0 && errno == EINTR {}
        }
    }
}

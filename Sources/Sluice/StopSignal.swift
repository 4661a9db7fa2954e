import Base
import Glibc
import Reactor

/// Waits for SIGINT or SIGTERM, from which the time of the ``Shutdown`` counts; a second one ends the process at once.
///
/// Touched only on its loop's thread (`@unchecked Sendable` on that ground).
final class StopSignal: @unchecked Sendable {
    /// A stopping process is gone ten seconds after the signal, whatever hangs.
    private static let limit = Duration.milliseconds(9_500)

    let shutdown: Shutdown
    private let loop: EventLoop
    private let bell: Bell
    private var source: SignalSource?
    private(set) var isAsked = false
    private var cancelStart: (() -> Void)?

    /// On `loop`'s thread, where it lives.
    init(loop: EventLoop, log: Logger) throws(SystemError) {
        self.loop = loop
        shutdown = Shutdown(loop: loop, limit: Self.limit, log: log)
        bell = Bell(loop: loop)
        source = try SignalSource([SIGINT, SIGTERM], on: loop) { [weak self] number in
            guard let self else { return }
            if isAsked { _exit(128 + number) }
            isAsked = true
            shutdown.begin()
            cancelStart?()
            bell.ring()
        }
    }

    func wait() async {
        while !isAsked { await bell.wait(atMost: .seconds(3600)) }
    }

    /// Runs what comes before the serving, such as the wait for a database; a signal cancels it.
    func cancelling<Value: Sendable>(_ body: @escaping @Sendable () async throws -> Value) async throws -> Value {
        let task = Task(executorPreference: loop) { try await body() }
        cancelStart = { task.cancel() }
        defer { cancelStart = nil }
        if isAsked { task.cancel() }
        return try await task.value
    }
}

/// What `print` wrote reaches a pipe now, not when its buffer is full.
func flushOutput() { fflush(nil) }

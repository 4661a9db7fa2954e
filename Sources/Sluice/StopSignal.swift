import Base
import Glibc
import Reactor

/// Waits for SIGINT or SIGTERM; a second one ends the process at once.
final class StopSignal: @unchecked Sendable {
    private let bell: Bell
    private var source: SignalSource?
    private var isAsked = false

    /// On `loop`'s thread, where it lives.
    init(loop: EventLoop) throws(SystemError) {
        bell = Bell(loop: loop)
        source = try SignalSource([SIGINT, SIGTERM], on: loop) { [weak self] number in
            guard let self else { return }
            if isAsked { _exit(128 + number) }
            isAsked = true
            bell.ring()
        }
    }

    func wait() async {
        while !isAsked { await bell.wait(atMost: .seconds(3600)) }
    }
}

/// What `print` wrote reaches a pipe now, not when its buffer is full.
func flushOutput() { fflush(nil) }

import Base
import CLinux
import Glibc

/// Delivers POSIX signals as calls on a loop's thread, through `signalfd`.
///
/// The signals must be blocked in every thread before any is started: call `SignalSource.block` first thing in `main`.
package final class SignalSource: ReadinessHandler {
    private let fd: Int32
    private let loop: EventLoop
    private let handler: (Int32) -> Void
    private var registration: Registration?

    /// Blocks `signals` in the calling thread and those it starts, and ignores SIGPIPE for the whole process.
    package static func block(_ signals: [Int32]) {
        var set = signalSet(signals)
        pthread_sigmask(SIG_BLOCK, &set, nil)
        signal(SIGPIPE, SIG_IGN)
    }

    /// Loop's thread only. The source lives until `cancel()`.
    package init(_ signals: [Int32], on loop: EventLoop, handler: @escaping (Int32) -> Void) throws(SystemError) {
        var set = Self.signalSet(signals)
        fd = sluice_signalfd(&set)
        guard fd >= 0 else { throw SystemError(call: "signalfd") }
        self.loop = loop
        self.handler = handler
        do throws(SystemError) {
            registration = try loop.register(fd, events: [.readable], handler: self)
        } catch {
            close(fd)
            throw error
        }
    }

    package func ready(_ events: ReadyEvents) {
        var info = signalfd_siginfo()
        // The handler may cancel the source, and its number may then be another thread's descriptor.
        while registration != nil,
            read(fd, &info, MemoryLayout<signalfd_siginfo>.size) == MemoryLayout<signalfd_siginfo>.size
        {
            handler(Int32(bitPattern: info.ssi_signo))
        }
    }

    package func cancel() {
        guard let registration else { return }
        self.registration = nil
        loop.deregister(fd, registration)
        close(fd)
    }

    private static func signalSet(_ signals: [Int32]) -> sigset_t {
        var set = sigset_t()
        sigemptyset(&set)
        for number in signals { sigaddset(&set, number) }
        return set
    }
}

import Base
import CLinux

/// Lets tasks wait for one non-blocking descriptor. Edge-triggered: try the system call first, wait on `EAGAIN`, try again.
///
/// One reader and one writer may wait at a time. Loop's thread only (`@unchecked Sendable` on that ground, checked in debug builds).
package final class Readiness: ReadinessHandler, @unchecked Sendable {
    package let fd: Int32
    package let loop: EventLoop
    private var registration: Registration?
    private var canRead = false
    private var canWrite = false
    private var reader: UnsafeContinuation<Bool, Never>?
    private var writer: UnsafeContinuation<Bool, Never>?
    /// The peer has closed its side or the connection has failed.
    package private(set) var peerIsGone = false
    /// Called once, on the loop, when `peerIsGone` becomes true.
    package var whenPeerGoes: (() -> Void)?

    package init(fd: Int32, loop: EventLoop) throws(SystemError) {
        self.fd = fd
        self.loop = loop
        registration = try loop.register(
            fd, events: [.readable, .writable, .peerClosed, .edgeTriggered], handler: self)
    }

    /// Waits until a read may succeed. False: `cancel()` was called, give up.
    package func readable() async -> Bool {
        loop.assertCurrent()
        guard registration != nil else { return false }
        if canRead {
            canRead = false
            return true
        }
        assert(reader == nil, "two tasks wait to read one descriptor")
        return await withUnsafeContinuation { reader = $0 }
    }

    /// Waits until a write may succeed. False: `cancel()` was called, give up.
    package func writable() async -> Bool {
        loop.assertCurrent()
        guard registration != nil else { return false }
        if canWrite {
            canWrite = false
            return true
        }
        assert(writer == nil, "two tasks wait to write one descriptor")
        return await withUnsafeContinuation { writer = $0 }
    }

    package func ready(_ events: ReadyEvents) {
        if !peerIsGone, !events.isDisjoint(with: [.peerClosed, .failed, .hungUp]) {
            peerIsGone = true
            whenPeerGoes?()
            whenPeerGoes = nil
        }
        if !events.isDisjoint(with: [.readable, .peerClosed, .failed, .hungUp]) {
            if let waiting = reader {
                reader = nil
                waiting.resume(returning: true)
            } else {
                canRead = true
            }
        }
        if !events.isDisjoint(with: [.writable, .failed, .hungUp]) {
            if let waiting = writer {
                writer = nil
                waiting.resume(returning: true)
            } else {
                canWrite = true
            }
        }
    }

    /// Stops watching and releases whoever waits. Call before closing the descriptor; may be called twice.
    package func cancel() {
        loop.assertCurrent()
        guard let registration else { return }
        self.registration = nil
        loop.deregister(fd, registration)
        reader?.resume(returning: false)
        reader = nil
        writer?.resume(returning: false)
        writer = nil
    }

    /// Waits at most until `deadline` for readability or writability. False: the deadline passed or `cancel()` was called.
    package func ready(_ direction: Direction, until deadline: MonotonicTime) async -> Bool {
        let timer = loop.schedule(at: deadline) { [self] in release(direction) }
        defer { loop.cancel(timer) }
        // When event and deadline fall into one turn, the first to release the waiter wins: an edge that was taken is never
        // reported as lateness, which would lose it.
        return direction == .read ? await readable() : await writable()
    }

    package enum Direction: Sendable { case read, write }

    private func release(_ direction: Direction) {
        switch direction {
        case .read:
            reader?.resume(returning: false)
            reader = nil
        case .write:
            writer?.resume(returning: false)
            writer = nil
        }
    }
}

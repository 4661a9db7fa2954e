/// Wakes one waiting task of a loop: rung when there is work, or by itself after a while.
///
/// A ring before the wait counts. `ring` may be called from any thread; the rest is the loop's (`@unchecked Sendable` on that ground).
package final class Bell: @unchecked Sendable {
    private let loop: EventLoop
    private var isRung = false
    private var waiting: UnsafeContinuation<Void, Never>?
    private var timer: TimerID?

    package init(loop: EventLoop) {
        self.loop = loop
    }

    package func ring() {
        if loop.isCurrent { ringHere() } else { loop.execute { self.ringHere() } }
    }

    /// Returns when rung, at the latest after `duration`. One task at a time.
    package func wait(atMost duration: Duration) async {
        loop.assertCurrent()
        if isRung {
            isRung = false
            return
        }
        await withUnsafeContinuation { (continuation: UnsafeContinuation<Void, Never>) in
            waiting = continuation
            timer = loop.schedule(after: duration) { self.release() }
        }
    }

    private func ringHere() {
        if waiting == nil { isRung = true } else { release() }
    }

    private func release() {
        if let timer { loop.cancel(timer) }
        timer = nil
        let continuation = waiting
        waiting = nil
        continuation?.resume()
    }
}

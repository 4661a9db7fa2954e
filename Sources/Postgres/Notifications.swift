import Reactor

/// What a listener is told.
package enum Notice: Hashable, Sendable {
    /// The connection was made (the first time too) or made again, or more came than could be kept: what was said meanwhile is lost.
    /// Whoever keeps a copy reads it anew.
    case mayHaveMissed
    case said(String)
}

/// The notices of one channel, for one reader on its loop. The same words twice in a row of unread notices are one. Ends (nil) when
/// the database is closed or the reading task is cancelled.
package final class Notifications: AsyncSequence, AsyncIteratorProtocol, @unchecked Sendable {
    package typealias Element = Notice

    /// Unread notices that are kept; more become one `mayHaveMissed`.
    static let backlog = 256

    let channel: String
    let loop: EventLoop
    private var unread: [Notice] = []
    private var reader: UnsafeContinuation<Void, Never>?
    private var isOver = false

    init(channel: String, loop: EventLoop) {
        self.channel = channel
        self.loop = loop
    }

    package func makeAsyncIterator() -> Notifications { self }

    /// - Throws: nothing; the protocol says so.
    package func next() async -> Notice? {
        while true {
            loop.assertCurrent()
            if Task.isCancelled || isOver { return nil }
            if !unread.isEmpty { return unread.removeFirst() }
            await withTaskCancellationHandler {
                await withUnsafeContinuation { reader = $0 }
            } onCancel: {
                loop.execute { [self] in wake() }
            }
        }
    }

    // Any thread:

    func deliver(_ notice: Notice) {
        loop.execute { [self] in
            if notice == .mayHaveMissed || unread.count >= Self.backlog {
                unread = [.mayHaveMissed]
            } else if !unread.contains(notice) {
                unread.append(notice)
            }
            wake()
        }
    }

    func end() {
        loop.execute { [self] in
            isOver = true
            wake()
        }
    }

    private func wake() {
        reader?.resume()
        reader = nil
    }
}

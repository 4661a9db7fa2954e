/// The end of some work, awaited for a while: unlike a task's value it may be given up. On its loop's thread (`@unchecked Sendable` on that
/// ground).
package final class Ending: @unchecked Sendable {
    private let bell: Bell
    private var hasCome = false

    package init(loop: EventLoop) { bell = Bell(loop: loop) }

    package func come() {
        hasCome = true
        bell.ring()
    }

    /// Whether it has come; returns when it does, at the latest after `duration`.
    package func wait(atMost duration: Duration) async -> Bool {
        if !hasCome { await bell.wait(atMost: duration) }
        return hasCome
    }
}

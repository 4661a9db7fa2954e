import Synchronization

/// A number that one thread changes and any may read, a moment late. Costs its writer no more than a plain variable.
final class OneWriterCount: Sendable {
    private let number = Atomic<Int>(0)

    var value: Int { number.load(ordering: .relaxed) }

    /// On the one thread.
    func add(_ difference: Int) { number.store(value + difference, ordering: .relaxed) }
}

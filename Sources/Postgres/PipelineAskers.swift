/// Those who share one round trip, by number, and who of them has left: nobody waits for the answer any more. Touched only on its
/// loop's thread (`@unchecked Sendable` on that ground).
final class PipelineAskers: @unchecked Sendable {
    private(set) var left: Set<Int> = []
    /// Wakes the connection that waits for their answers.
    var wake: (() -> Void)?

    func leave(_ number: Int) {
        left.insert(number)
        wake?()
    }
}

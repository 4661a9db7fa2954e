import Reactor

/// Whether the database answers, for the readiness probe, which anybody may ask as often as they like: on each loop one question is
/// under way at a time, its answer goes to all who ask meanwhile, and it stands for a moment.
package struct DatabaseProbe: Sendable {
    private let loops: [PerLoop]

    /// - Parameters:
    ///   - lasting: how long an answer stands.
    ///   - ask: asks the database; on the loop of the asker.
    package init(
        loops: [EventLoop], lasting: Duration = .milliseconds(250), ask: @escaping @Sendable () async -> Bool
    ) {
        self.loops = loops.map { PerLoop(loop: $0, lasting: lasting, ask: ask) }
    }

    package init(_ database: Database) {
        self.init(loops: database.loops) { await database.isReady() }
    }

    /// On one of the loops; false elsewhere.
    package func isReady() async -> Bool {
        guard let own = loops.first(where: { $0.loop.isCurrent }) else { return false }
        return await own.isReady()
    }

    /// Touched only on its loop's thread (`@unchecked Sendable` on that ground).
    private final class PerLoop: @unchecked Sendable {
        let loop: EventLoop
        private let lasting: Duration
        private let ask: @Sendable () async -> Bool
        private var known: (answer: Bool, until: MonotonicTime)?
        private var question: Task<Bool, Never>?

        init(loop: EventLoop, lasting: Duration, ask: @escaping @Sendable () async -> Bool) {
            self.loop = loop
            self.lasting = lasting
            self.ask = ask
        }

        func isReady() async -> Bool {
            if let known, MonotonicTime.now() < known.until { return known.answer }
            if let question { return await question.value }
            // A task of its own: whoever asked first may leave before the answer.
            let question = Task(executorPreference: loop) { [self] in
                let answer = await ask()
                known = (answer, .now() + lasting)
                self.question = nil
                return answer
            }
            self.question = question
            return await question.value
        }
    }
}

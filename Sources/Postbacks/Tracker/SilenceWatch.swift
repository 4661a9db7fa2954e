import Base
import Outbox
import Postgres
import Telegram

/// Announces profiles that used to convert and stopped, each silence once, whoever notices it. Where nobody would hear it, it is kept
/// and told as soon as somebody does.
package struct SilenceWatch: Sendable {
    package static let schedule = OutboxSchedule("postbacks.silence", every: .seconds(300), offset: .seconds(45))

    let store: ReconciliationStore
    let publicURL: String?
    let rule: SilenceRule
    let now: @Sendable () -> Timestamp
    let told: @Sendable () -> Void

    package init(
        database: Database, publicURL: String?, rule: SilenceRule = SilenceRule(),
        now: @escaping @Sendable () -> Timestamp = Timestamp.now, told: @escaping @Sendable () -> Void = {}
    ) {
        store = ReconciliationStore(database: database)
        self.publicURL = publicURL
        self.rule = rule
        self.now = now
        self.told = told
    }

    package var handler: OutboxHandler {
        OutboxHandler(kind: Self.schedule.name) { item in
            do {
                try await look()
                return .done
            } catch {
                return .retry(after: Backoff.delay(afterAttempt: item.attempt, jitter: 0.5), reason: "\(error)")
            }
        }
    }

    /// - Returns: the profiles whose silence was announced now.
    @discardableResult
    package func look() async throws -> [Int64] {
        var announced: [Int64] = []
        try await store.endSilencesBeforePauses()
        for pulse in try await store.pulses(window: rule.window) {
            try await store.endSilences(of: pulse.profile.id, before: pulse.sample.last)
            guard case .silent(let since) = rule.verdict(pulse.sample, at: now()) else { continue }
            let profile = pulse.profile
            let text = TrackerMessage(profile, publicURL: publicURL).silence(
                since: since, at: now(), longestPause: pulse.sample.longestPause, profileID: profile.id)
            let isNew = try await store.database.transaction { transaction in
                let hearer = try await store.hearer(of: profile.id, in: transaction)
                let isNew = try await store.beginSilence(
                    of: profile.id, since: since, isHeard: hearer != nil, in: transaction)
                guard isNew, let hearer else { return false }
                try await TelegramMessages.put(
                    [.written(text, to: hearer.chatID, topic: hearer.topicID)], in: transaction)
                return true
            }
            if isNew { announced.append(profile.id) }
        }
        if !announced.isEmpty { told() }
        return announced
    }
}

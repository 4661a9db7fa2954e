import Base
import Postgres

/// What this process's sender did since it began, for `/metrics`.
package final class TelegramFigures: Sendable {
    package let sent = Counter()
    package let failed = Counter()
    /// Sent later, after a failure of Telegram's or of the chat.
    package let retried = Counter()
    /// Telegram asked to wait.
    package let floods = Counter()

    func count(_ outcome: TelegramOutcome) {
        switch outcome {
        case .sent, .partSent: sent.add()
        case .failed: failed.add()
        case .flood: floods.add()
        case .again, .chatProblem, .migrated, .botRefused: retried.add()
        }
    }

    package var families: [MetricFamily] {
        [
            MetricFamily(
                "sluice_telegram_sends_total", .counter, help: "Messages sent to Telegram, by what became of them.",
                [
                    .init(Double(sent.value), [("outcome", "sent")]),
                    .init(Double(failed.value), [("outcome", "failed")]),
                    .init(Double(retried.value), [("outcome", "retried")]),
                    .init(Double(floods.value), [("outcome", "flood")]),
                ])
        ]
    }
}

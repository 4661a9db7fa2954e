import Base
import Outbox
import Postgres
import Rollups

/// What the postbacks' tables need now and then, done by whichever process comes first.
package struct PostbackUpkeep: Sendable {
    /// Soon after each quarter of the day, so that a day of UTC is summed up when it is just over.
    package static let schedule = OutboxSchedule("postback_upkeep", every: .seconds(6 * 3600), offset: .seconds(600))

    let database: Database

    package init(database: Database) { self.database = database }

    package func handler(log: Logger) -> OutboxHandler {
        OutboxHandler(kind: Self.schedule.name) { item in
            do {
                let weeks = try await EventPartitions(database: database).make()
                let days = try await ConversionDays(database: database).sumUp()
                if weeks + days > 0 { log.info("tables are kept up", ["weeks": "\(weeks)", "days": "\(days)"]) }
                return .done
            } catch {
                return .retry(
                    after: Backoff.delay(afterAttempt: item.attempt, jitter: .random(in: 0...1)), reason: "\(error)")
            }
        }
    }

    /// How rows go that `retention_rules` no longer keeps: by the rule's name, with the days it says, a count of rows in return.
    package var removals: [String: @Sendable (Int) async throws -> Int] {
        let whole: [String: @Sendable (Int) async throws -> Int] = [
            "postback_events": { [database] days in
                try await EventPartitions(database: database).drop(olderThan: days)
            },
            "keitaro_differences": { [database] days in
                try await ReconciliationStore(database: database).remove(olderThan: days)
            },
        ]
        return whole.merging(
            Self.removed.mapValues { statement in
                { @Sendable [database] days in try await database.execute(inPartsOf: Self.part, statement(days)) }
            }
        ) { first, _ in first }
    }

    private static let part = 5_000

    private static let removed: [String: @Sendable (Int) -> SQL] = [
        // Nothing younger than the longest time in which a second postback is a duplicate.
        "postback_dedup": { days in
            """
            DELETE FROM postback_dedup WHERE ctid = ANY (ARRAY(SELECT ctid FROM postback_dedup
                WHERE seen_at < now() - greatest(\(days)::int, 31) * interval '1 day' LIMIT \(part)::int))
            """
        },
        "postback_refusals": { days in
            """
            DELETE FROM postback_refusals WHERE id IN (SELECT id FROM postback_refusals
                WHERE at < now() - \(days)::int * interval '1 day' LIMIT \(part)::int)
            """
        },
    ]
}

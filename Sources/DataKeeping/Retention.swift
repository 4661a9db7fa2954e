import Audit
import Base
import Outbox
import Postgres

/// Removes what its table's rule in `retention_rules` no longer keeps, once a day by whichever process comes first.
package struct Retention: Sendable {
    package static let schedule = OutboxSchedule("retention", every: .seconds(86_400), offset: .seconds(3 * 3600))

    package struct Rule: Sendable {
        /// The table.
        package let name: String
        /// Nil: for ever.
        package let keepDays: Int?
        package let prunedAt: Timestamp?
        package let prunedRows: Int64
    }

    private static let batch = 1000

    let database: Database
    /// How features' rows go, by the name of the rule.
    private let removals: [String: @Sendable (Int) async throws -> Int]

    /// - Parameter removals: of tables that only a feature knows: from the days that a rule keeps to the rows removed.
    package init(database: Database, removals: [String: @Sendable (Int) async throws -> Int] = [:]) {
        self.database = database
        self.removals = removals
    }

    package func rules() async throws -> [Rule] {
        try await database.query(
            "SELECT name, keep_days::bigint AS keep_days, pruned_at, pruned_rows FROM retention_rules ORDER BY name"
        ).map { row in
            let days: Int64? = try row.get("keep_days")
            return Rule(
                name: try row.get("name"), keepDays: days.map { Int($0) }, prunedAt: try row.get("pruned_at"),
                prunedRows: try row.get("pruned_rows"))
        }
    }

    /// - Returns: false when there is no such rule.
    /// - Parameter actor: who changes it, for the audit log.
    package func set(_ name: String, keepDays: Int?, by actor: AuditActor) async throws -> Bool {
        try await database.transaction { transaction in
            let row = try await transaction.first(
                "SELECT coalesce(keep_days::text, 'forever') AS kept FROM retention_rules WHERE name = \(name) FOR UPDATE"
            )
            guard let row else { return false }
            try await transaction.execute(
                "UPDATE retention_rules SET keep_days = \(keepDays)::int WHERE name = \(name)")
            try await actor.record(
                name, before: try row.get("kept"), after: keepDays.map { "\($0)" } ?? "forever",
                action: "retention.set",
                in: transaction)
            return true
        }
    }

    /// - Returns: the rows removed, by rule.
    package func prune() async throws -> [(name: String, rows: Int)] {
        var result: [(name: String, rows: Int)] = []
        for rule in try await rules() {
            guard let days = rule.keepDays else { continue }
            let removed = try await remove(rule.name, olderThan: days)
            try await database.transaction { transaction in
                try await transaction.execute(
                    """
                    UPDATE retention_rules SET pruned_at = now(), pruned_rows = pruned_rows + \(removed)::bigint
                    WHERE name = \(rule.name)
                    """)
                if removed > 0 {
                    try await AuditActor.later(
                        userID: nil, person: "schedule", action: "retention.prune", requestID: ""
                    )
                    .record(rule.name, after: "\(removed) rows removed", in: transaction)
                }
            }
            result.append((rule.name, removed))
        }
        return result
    }

    private func remove(_ name: String, olderThan days: Int) async throws -> Int {
        if let removal = removals[name] { return try await removal(days) }
        if name == "outbox" { return try await OutboxStore(database: database).prune(settledBefore: days) }
        guard let statement = Self.removal(name, days: days) else { return 0 }
        return try await database.execute(inPartsOf: Self.batch, statement)
    }

    /// What "old" means: a session from its end, a report from when it was read, a push from when it was settled. The last push of a
    /// flow stays, for it can be undone.
    private static func removal(_ name: String, days: Int) -> SQL? {
        let age: SQL = "now() - \(days)::int * interval '1 day'"
        let limit: SQL = "LIMIT \(batch)::int"
        switch name {
        case "sessions":
            return """
                DELETE FROM sessions WHERE token_hash IN (
                    SELECT token_hash FROM sessions WHERE expires_at < \(age) \(limit))
                """
        case "login_failures":
            return """
                DELETE FROM login_failures WHERE address IN (
                    SELECT address FROM login_failures WHERE window_start < \(age) \(limit))
                """
        case "user_invitations":
            return """
                DELETE FROM user_invitations WHERE token_hash IN (
                    SELECT token_hash FROM user_invitations WHERE expires_at < \(age) \(limit))
                """
        case "audit_log":
            return "DELETE FROM audit_log WHERE id IN (SELECT id FROM audit_log WHERE at < \(age) ORDER BY at \(limit))"
        case "keitaro_reports":
            return """
                DELETE FROM keitaro_reports WHERE (key_id, question) IN (
                    SELECT key_id, question FROM keitaro_reports WHERE fetched_at < \(age) \(limit))
                """
        case "keitaro_pushes":
            return """
                DELETE FROM keitaro_pushes WHERE id IN (
                    SELECT id FROM keitaro_pushes old WHERE settled_at < \(age)
                        AND EXISTS (SELECT FROM keitaro_pushes WHERE flow_id = old.flow_id AND id > old.id) \(limit))
                """
        default: return nil
        }
    }

    package func handler(log: Logger) -> OutboxHandler {
        OutboxHandler(kind: Self.schedule.name) { item in
            do {
                for (name, rows) in try await prune() where rows > 0 {
                    log.info("old rows removed", ["table": name, "rows": String(rows)])
                }
                return .done
            } catch {
                let delay = Backoff.delay(afterAttempt: item.attempt, jitter: .random(in: 0...1))
                return .retry(after: delay, reason: "\(error)")
            }
        }
    }
}

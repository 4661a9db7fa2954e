import Postgres
import StoredObjects

/// What waits to be sent to the outside, for `/admin/`.
package enum OutboxThings {
    package static let storedThings = StoredThings(objects: [items, schedules])

    private static let items = StoredObject(
        "outbox", in: .delivery, table: "outbox", key: .number("row.id"), label: "row.kind || ' ' || row.id",
        order: ("id", true),
        fields: [
            .number("id", "row.id"), .text("kind", "row.kind").searched,
            .choice("state", "row.state", ["waiting", "running", "done", "failed"]),
            .number("attempts", "row.attempts"), .number("losses", "row.losses").onPage,
            .text("last_error", "row.last_error").searched,
            .text("unique_key", "row.unique_key").searched.onPage, .json("payload", "row.payload"),
            .time("run_at", "row.run_at"), .time("lease_until", "row.lease_until").onPage,
            .time("created_at", "row.created_at"), .time("settled_at", "row.settled_at").onPage,
        ],
        actions: [
            StoredAction("run_now", isDestructive: false, when: "row.state = 'waiting' AND row.run_at > now()") {
                call in
                try await call.transaction.execute("UPDATE outbox SET run_at = now() WHERE id = \(call.number)")
                return .changed(before: "waiting", after: "due now")
            },
            // Not beside a newer one with the same key, which does the work already.
            StoredAction(
                "retry", isDestructive: false,
                when: """
                    row.state = 'failed' AND NOT EXISTS (SELECT 1 FROM outbox newer
                        WHERE newer.unique_key = row.unique_key AND newer.state IN ('waiting', 'running'))
                    """
            ) { call in
                try await call.transaction.execute(
                    """
                    UPDATE outbox SET state = 'waiting', attempts = 0, losses = 0, run_at = now(), settled_at = NULL
                    WHERE id = \(call.number)
                    """)
                return .changed(before: "failed", after: "waiting")
            },
            // What waits has a cause that counts on it; only what is settled goes.
            .delete(when: "row.state IN ('done', 'failed')"),
        ])

    private static let schedules = StoredObject(
        "schedules", in: .delivery, table: "outbox_schedules", key: .text("row.name"), label: "row.name",
        order: ("name", false),
        fields: [.text("name", "row.name").searched, .time("last_slot", "row.last_slot")])
}

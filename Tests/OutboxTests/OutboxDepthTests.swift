import Base
import Outbox
import Postgres
import TestDesk
import Testing

@Suite(.timeLimit(.minutes(5))) struct OutboxDepthTests {
    @Test func `unsettled items are counted by kind and state, with the age of the oldest`() async throws {
        try await withTestDatabase { database, _ in
            let store = OutboxStore(database: database)
            #expect(try await store.depth().isEmpty)
            try await database.execute(
                """
                INSERT INTO outbox (kind, payload, state, lease_until, settled_at, created_at) VALUES
                    ('push', '{}', 'waiting', NULL, NULL, now() - interval '1 hour'),
                    ('push', '{}', 'waiting', NULL, NULL, now()),
                    ('push', '{}', 'running', now() + interval '1 minute', NULL, now()),
                    ('push', '{}', 'done', NULL, now(), now() - interval '9 hours'),
                    ('push', '{}', 'failed', NULL, now(), now() - interval '9 hours'),
                    ('lost', '{}', 'failed', NULL, now(), now()),
                    ('note', '{}', 'running', now() + interval '1 minute', NULL, now() + interval '1 hour')
                """)
            let depths = try await store.depth()
            #expect(depths.map(\.kind) == ["lost", "note", "push"])
            #expect(depths.map(\.pending) == [0, 0, 2] && depths.map(\.leased) == [0, 1, 1])
            #expect(depths.map(\.failed) == [1, 0, 1])
            #expect(depths.prefix(2).allSatisfy { $0.oldestAge == 0 } && (3600..<7200).contains(depths[2].oldestAge))
            let text = MetricFamily.text(OutboxDepth.families(depths))
            #expect(text.contains(#"sluice_outbox_pending{kind="push"} 2"#))
        }
    }
}

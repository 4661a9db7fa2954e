import Base
import Postgres
import TestDesk
import Testing

/// A push that ends every process that performs it.
@Suite(.timeLimit(.minutes(10))) struct LostPushTests {
    @Test(arguments: [(false, "lost"), (true, "unknown")])
    func `a push that is given up lets its flow be edited again and says whether it was sent`(
        wasSent: Bool, problem: String
    ) async throws {
        try await withScene { scene in
            let draft = try await scene.edit()
            // As if three processes had died over each push from the moment it is ordered.
            try await scene.desk.database.execute(
                """
                CREATE FUNCTION lose() RETURNS trigger LANGUAGE plpgsql AS
                'BEGIN NEW.losses = 3; RETURN NEW; END'
                """)
            try await scene.desk.database.execute(
                "CREATE TRIGGER lose BEFORE INSERT ON outbox FOR EACH ROW EXECUTE FUNCTION lose()")
            if wasSent {
                try await scene.desk.database.execute(
                    """
                    CREATE FUNCTION sent() RETURNS trigger LANGUAGE plpgsql AS
                    'BEGIN NEW.sent_at = now(); RETURN NEW; END'
                    """)
                try await scene.desk.database.execute(
                    "CREATE TRIGGER sent BEFORE INSERT ON keitaro_pushes FOR EACH ROW EXECUTE FUNCTION sent()")
            }
            let answer = try await scene.post("push")
            #expect(answer.status == 502, "\(answer.text)")
            #expect(answer.json["keitaro"]?.stringValue == problem)
            #expect(try await scene.inKeitaro() == scene.base)
            #expect(try await scene.draft() == draft)
            try await scene.desk.database.execute("DROP TRIGGER lose ON outbox")
            if wasSent { try await scene.desk.database.execute("DROP TRIGGER sent ON keitaro_pushes") }
            #expect(try await scene.post("push").status == 200)
            #expect(try await scene.inKeitaro() == draft)
        }
    }
}

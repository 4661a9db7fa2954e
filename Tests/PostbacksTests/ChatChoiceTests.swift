import Accounts
import Base
import Fetch
import Postgres
import TestDesk
import Testing

/// Which chats a person sees and may send to, over the API; the bot goes through the same store.
@Suite(.timeLimit(.minutes(10))) struct ChatChoiceTests {
    private func know(_ desk: TestDesk, _ chat: Int64, _ kind: String) async throws {
        try await desk.database.execute(
            "INSERT INTO telegram_chats (chat_id, title, kind) VALUES (\(chat), \("title \(chat)"), \(kind))")
    }

    private func titles(_ visitor: Visitor) async throws -> [Int64] {
        let answer = try await visitor.get("/postbacks/chats/")
        return (answer.json["chats"]?.arrayValue ?? []).compactMap { $0["id"]?.intValue }
            .sorted()
    }

    @Test func `a buyer sees their own chats, an administrator all`() async throws {
        try await withDesk { desk in
            let buyer = try await desk.program(.buyer, name: "buyer")
            let admin = try await desk.program(.admin, name: "admin")
            let user: Int64 = try await desk.database.one(
                "SELECT user_id AS id FROM api_tokens ORDER BY id LIMIT 1"
            ).get("id")
            for (chat, kind) in [(-1, "group"), (-2, "channel"), (-3, "supergroup"), (11, "private"), (12, "private")] {
                try await know(desk, Int64(chat), kind)
            }
            #expect(try await titles(buyer) == [])
            #expect(try await titles(admin) == [-3, -2, -1, 11, 12])
            try await desk.database.execute(
                "INSERT INTO telegram_people (telegram_id, user_id, name) VALUES (11, \(user), 'B')")
            try await desk.database.execute(
                "INSERT INTO telegram_chat_people (telegram_id, chat_id) VALUES (11, -2)")
            #expect(try await titles(buyer) == [-2, 11])
            // Somebody else's; one that nobody knows may be named before the bot is added there, a person's may not.
            for (chat, status) in [(-1, 422), (12, 422), (13, 422), (-2, 201), (11, 201), (-99, 201)] {
                let answer = try await buyer.post(
                    "/postbacks/profiles/", ["name": "P", "chat_id": .integer(Int64(chat))])
                #expect(answer.status == status, "\(chat): \(answer.text)")
                if status == 422 { #expect(answer.fields == ["chat_id"]) }
            }
            #expect(try await titles(buyer) == [-99, -2, 11])
            let profile = try await PostbackScene.profile(buyer, "Q")
            let path = "/postbacks/profiles/\(profile["id"]?.intValue ?? 0)/"
            let refused = try await buyer.post(path, ["chat_id": -3])
            #expect(refused.fields == ["chat_id"], "\(refused.status) \(refused.text)")
            #expect(try await buyer.post(path + "routes/", ["chat_id": -3]).fields == ["chat_id"])
            let route = try await buyer.post(path + "routes/", ["chat_id": -2])
            let routePath = "/postbacks/routes/\(route.json["route"]?["id"]?.intValue ?? 0)/"
            #expect(try await buyer.post(routePath, ["chat_id": 12]).fields == ["chat_id"])
            // What an administrator chose stays theirs to use.
            #expect(try await admin.post(path, ["chat_id": -3]).status == 200)
            #expect(try await buyer.post(path, ["name": "R"]).status == 200)
            #expect(try await buyer.post(routePath, ["chat_id": -3]).status == 200)
            // With the link goes what it showed.
            try await desk.database.execute("DELETE FROM telegram_people WHERE telegram_id = 11")
            let left = try await desk.database.query("SELECT chat_id FROM telegram_chat_people")
            #expect(left.isEmpty)
        }
    }
}

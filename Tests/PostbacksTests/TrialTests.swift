import Accounts
import Base
import Fetch
import Postbacks
import TestDesk
import Testing

/// Settings tried on what was received, and texts before they are saved.
@Suite(.timeLimit(.minutes(10))) struct TrialTests {
    @Test func `a route is tried on the stored requests and changes nothing`() async throws {
        try await withDesk { desk in
            let admin = try await desk.program(.admin, name: "admin")
            let profile = try await PostbackScene.profile(admin, "A", ["chat_id": -1])
            let id = profile["id"]?.intValue ?? 0
            for number in 0..<1_203 {
                try await PostbackScene.event(
                    desk.database, profile: id, click: "c\(number)", country: number % 4 == 0 ? "KZ" : "UA")
            }
            // What was tested or is older than asked for is no part of it.
            try await PostbackScene.event(
                desk.database, profile: id, at: Timestamp.now().adding(.seconds(-2 * 86_400)), click: "old")
            let path = "/postbacks/profiles/\(id)/try/"
            let answer = try await admin.post(
                path, ["days": 1, "route": ["chat_id": -2, "match": "source", "match_value": "TikTok"]])
            #expect(answer.status == 200, "\(answer.text)")
            #expect(answer.json["read"] == 1_203)
            #expect(answer.json["messages"] == ["before": 1_203, "after": 1_203])
            #expect(answer.json["moved"] == 1_203)
            let chats = answer.json["chats"]?.arrayValue ?? []
            #expect(chats.first { $0["chat_id"] == -2 }?["messages"] == ["before": 0, "after": 1_203])
            #expect(chats.first { $0["chat_id"] == -1 }?["messages"] == ["before": 1_203, "after": 0])
            #expect(answer.json["first"]?[0]?["text"]?.stringValue?.contains("KZ Loans") == true)
            let mapped = try await admin.post(
                path, ["days": 1, "profile": ["status_mappings": ["sale": "rejected"]]])
            #expect(mapped.json["moved"] == 1_203)
            for days: JSON in [0, 91, 1.5, "week"] {
                let refused = try await admin.post(path, ["days": days])
                #expect(refused.status == 422 && refused.fields == ["days"], "\(days)")
            }
            let refused = try await admin.post(path, ["route": ["match": "any"]])
            #expect(refused.fields == ["chat_id"])
            #expect(try await admin.get("/postbacks/routes/").json["routes"] == [])
            #expect(try await admin.get("/postbacks/profiles/\(id)/").json["profile"]?["status_mappings"] == [:])
        }
    }

    @Test func `a text is shown before it is saved, and an unknown placeholder is named`() async throws {
        try await withDesk { desk in
            let admin = try await desk.program(.admin, name: "admin")
            let profile = try await PostbackScene.profile(admin, "A")
            let path = "/postbacks/profiles/\(profile["id"]?.intValue ?? 0)/"
            let usual = try await admin.post("\(path)preview/", ["status": "deposit", "language": "ru"])
            #expect(usual.json["text"]?.stringValue?.hasPrefix("💰 Депозит") == true)
            let own = try await admin.post("\(path)preview/", ["template": "<b>{campaign_name}</b> & {amount}"])
            #expect(own.json["text"] == "Campaign Name & 100")
            let wrong = try await admin.post("\(path)preview/", ["template": "{campain}"])
            #expect(wrong.fields == ["template"] && wrong.detail.contains("campain"))
            let saved = try await admin.post(path, ["templates": ["deposit": "{campain}"]])
            #expect(saved.status == 422 && saved.fields == ["templates"])
            let kept = try await admin.post(path, ["templates": ["deposit": "{campaign_name}", "rebill": "  "]])
            #expect(kept.json["profile"]?["templates"] == ["deposit": "{campaign_name}"])
        }
    }
}

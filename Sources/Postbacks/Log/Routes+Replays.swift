import Base
import Frame
import HTTP
import Views

/// What goes through the receiving side again: a test of a profile, and stored requests that are read anew.
extension PostbackDeskRoutes {
    var replayRoutes: [Route] {
        [
            route(.post, "/postbacks/profiles/{id:int}/test/", "Send a test postback", test),
            route(.post, "/postbacks/replay/", "Read stored requests again", replayEvents),
        ]
    }

    @Sendable private func test(_ request: Request) async throws -> Response {
        let fields = SettingFields(json: try request.settings())
        let status = fields.has("status") ? try fields.word("status", of: ProfileInput.statuses) : "deposit"
        let listed = try await profile(request)
        let editor = try editor(request)
        let words = frame.words(for: request)
        let isSent = try await Self.sendTest(listed.profile, status, intake)
        try await store.record("postback profile \(listed.profile.name)", after: "test: \(status)", by: editor)
        return .json([
            "message": .string(words(isSent ? "postbacks.said.test_sent" : "postbacks.said.test_later"))
        ])
    }

    /// With the settings as the database has them: those in memory may be a moment older.
    /// - Returns: false when it lies in the journal until the database is back.
    package static func sendTest(
        _ profile: PostbackProfile, _ status: String, _ intake: PostbackIntake
    ) async throws -> Bool {
        var sample = Postback.sample(PostbackStatus(name: status))
        sample.transactionID = "test-\(Hex.encode(RandomBytes.make(4)))"
        // Read like any other: the message is written from the fields that are stored.
        let postback = PostbackReading.read(PostbackFields(pairs: sample.asSent), for: profile)
        let raw: JSON = ["method": "TEST", "target": "🧪", "headers": [:], "body": ""]
        return try await intake.add(PostbackRow(postback, of: profile, origin: .test, raw: raw.text)) != nil
    }

    @Sendable private func replayEvents(_ request: Request) async throws -> Response {
        let json = try request.settings()
        let fields = SettingFields(json: json)
        let isTold = fields.has("tell") ? try fields.flag("tell") : false
        let reader = try reader(request)
        let editor = try editor(request)
        var more: EventQuestion.Place?
        let ids: [String]
        if let filter = json["filter"]?.objectValue {
            let places = try await places(filter, after: json["after"]?.stringValue, for: reader)
            if places.count == Self.replayedAtOnce { more = places.last }
            ids = places.map(\.text)
        } else {
            ids = try named(json)
        }
        let result = try await Replay(intake: intake, database: store.database).run(ids, isTold: isTold) { profile in
            reader.sees(profile)
        }
        try await store.record("postbacks", after: "\(result.replayed) of \(ids.count) replayed", by: editor)
        let words = frame.words(for: request)
        return .json([
            "message": .string(
                words(
                    "postbacks.said.replayed",
                    [
                        "count": .integer(Int64(result.replayed)),
                        "unchanged": .string(words.numbers.number(Int64(result.unchanged))),
                    ])), "replayed": .integer(Int64(result.replayed)),
            "unchanged": .integer(Int64(result.unchanged)), "missing": .integer(Int64(result.missing)),
            "refused": .integer(Int64(result.refused)), "more": PostbackJSON.text(more?.text),
        ])
    }

    /// Of a filter, in one request: few enough to be done before a browser gives up.
    private static let replayedAtOnce = 500

    private func places(
        _ filter: JSONObject, after last: String?, for reader: PostbackReader
    ) async throws -> [EventQuestion.Place] {
        let text = filter.members.map { "\($0.key)=\(PercentCoding.encode($0.value.lenientString ?? ""))" }
            .joined(separator: "&")
        guard let query = FormFields(decoding: text.utf8) else {
            throw SettingFields.refuse("filter", "postbacks.refused.choice", ["value": "filter"])
        }
        var question = try EventQuestion(query)
        question.before = nil
        let place = try last.map { last in
            guard let place = EventQuestion.Place(last) else {
                throw SettingFields.refuse("after", "postbacks.refused.choice", ["value": .string(last)])
            }
            return place
        }
        return try await store.replayable(question, for: reader, after: place, limit: Self.replayedAtOnce)
    }

    private func named(_ json: JSON) throws -> [String] {
        let ids = (json["events"]?.arrayValue ?? json["events"].map { [$0] } ?? []).compactMap {
            $0.stringValue.flatMap { EventReference($0) == nil ? nil : $0 }
        }
        guard !ids.isEmpty, ids.count <= Replay.limit else {
            throw SettingFields.refuse(
                "events", "postbacks.refused.events", ["most": .integer(Int64(Replay.limit))])
        }
        return ids
    }
}

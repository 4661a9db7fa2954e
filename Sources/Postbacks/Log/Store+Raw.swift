import Base
import Postgres

/// A request as it came, whatever became of it.
struct RawRequestRow: Sendable {
    var at: Timestamp
    /// Nil for a refused one.
    var eventID: String?
    var outcome: String
    var origin: String
    var profileID: Int64?
    var profileName: String?
    var status: String
    var address: String
    var raw: JSON

    /// Refused ones have no id of the same kind; in one microsecond they come last.
    var cursor: EventQuestion.Place {
        EventQuestion.Place(at: at, id: eventID ?? "00000000-0000-0000-0000-000000000000")
    }

    var json: JSON {
        [
            "at": .string(at.iso8601), "place": eventID == nil ? .null : .string(cursor.text),
            "outcome": .string(outcome), "origin": .string(origin), "profile_id": PostbackJSON.number(profileID),
            "profile": PostbackJSON.text(profileName), "status": .string(status), "address": .string(address),
            "raw": raw,
        ]
    }
}

extension PostbackDeskStore {
    /// Newest first, of what was taken and what was refused.
    func rawRequests(
        _ question: EventQuestion, for reader: PostbackReader, limit: Int
    ) async throws -> [RawRequestRow] {
        var parts = Self.requestConditions(question, reader)
        if question.outcome == .refused { parts.append("request.refusal_id IS NOT NULL") }
        let rows = try await database.query(
            """
            SELECT request.*, profile.name AS profile_name FROM (
                SELECT id, NULL::bigint AS refusal_id, created_at, profile_id, origin, outcome, original_status AS status, click_id,
                    coalesce(raw ->> 'address', '') AS address, raw FROM postback_events
                UNION ALL
                SELECT '00000000-0000-0000-0000-000000000000'::uuid, id, at, profile_id, 'keitaro', outcome, '', '', address, raw
                FROM postback_refusals
            ) request LEFT JOIN keitaro_profiles profile ON profile.id = request.profile_id
            WHERE \(parts.joined(separator: " AND "))
            ORDER BY request.created_at DESC, request.id DESC LIMIT \(limit)
            """, within: .seconds(10))
        return try rows.map { row in
            let refusalID: Int64? = try row.get("refusal_id")
            let id: String = try row.get("id")
            return RawRequestRow(
                at: try row.get("created_at"), eventID: refusalID == nil ? id : nil,
                outcome: try row.get("outcome"), origin: try row.get("origin"), profileID: try row.get("profile_id"),
                profileName: try row.get("profile_name"), status: try row.get("status"),
                address: try row.get("address"), raw: try row.get("raw"))
        }
    }

    /// Which of them can be read again, oldest first: what a tracker sent or its log told, not refused ones, tests and replays.
    /// - Parameter last: only what is newer.
    func replayable(
        _ question: EventQuestion, for reader: PostbackReader, after last: EventQuestion.Place?, limit: Int
    ) async throws -> [EventQuestion.Place] {
        guard question.outcome != .refused else { return [] }
        var parts = Self.requestConditions(question, reader)
        parts.append("request.origin NOT IN ('test', 'replay')")
        if let last { parts.append("(request.created_at, request.id) > (\(last.at), \(last.id)::uuid)") }
        return try await database.query(
            """
            SELECT request.created_at, request.id FROM (
                SELECT id, created_at, profile_id, origin, outcome, original_status AS status, click_id, raw FROM postback_events
            ) request
            WHERE \(parts.joined(separator: " AND ")) ORDER BY request.created_at, request.id LIMIT \(limit)
            """, within: .seconds(10)
        ).map { EventQuestion.Place(at: try $0.get("created_at"), id: try $0.get("id")) }
    }

    private static func requestConditions(_ question: EventQuestion, _ reader: PostbackReader) -> [SQL] {
        var parts = [reader.condition(on: "request.profile_id")]
        if let profile = question.profileID { parts.append("request.profile_id = \(profile)") }
        if let from = question.from { parts.append("request.created_at >= \(from)") }
        if let until = question.until { parts.append("request.created_at < \(until)") }
        if let before = question.before {
            parts.append("(request.created_at, request.id) < (\(before.at), \(before.id)::uuid)")
        }
        if !question.text.isEmpty {
            let pattern = "%\(likeEscaped(question.text))%"
            parts.append("(request.raw::text ILIKE \(pattern) OR request.click_id = \(question.text))")
        }
        switch question.outcome {
        case .any, .refused: break
        case .accepted, .duplicate, .unmapped, .ignored: parts.append("request.outcome = \(question.outcome.rawValue)")
        }
        if let status = question.status {
            // The database's locale may not know Cyrillic capitals.
            let words = [status, question.value("status") ?? status]
            parts.append("(lower(request.status) = \(status) OR request.status = ANY (\(words)::text[]))")
        }
        return parts
    }
}

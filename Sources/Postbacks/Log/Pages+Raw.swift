import Base
import Frame
import HTTP
import Views

/// Requests as they came.
extension PostbackPages {
    func raw(
        _ requests: [RawRequestRow], older: String?, question: EventQuestion,
        profiles: [PostbackDeskStore.ListedProfile], canEdit: Bool, to request: Request
    ) throws -> Response {
        let words = frame.words(for: request)
        let own: ViewObject = [
            "q": .string(question.text), "has_requests": .bool(!requests.isEmpty), "older_href": ViewValue(older),
            "can_edit": .bool(canEdit),
            "is_filtered": .bool(
                !question.text.isEmpty || question.profileID != nil || question.outcome != .any),
            "profile_choices": .list(
                profiles.map {
                    Self.choice(
                        String($0.profile.id), $0.profile.name, isCurrent: $0.profile.id == question.profileID)
                }),
            "outcome_choices": .list(
                EventQuestion.Outcome.allCases.map { outcome in
                    Self.choice(
                        outcome == .any ? "" : outcome.rawValue,
                        outcome == .any
                            ? words("postbacks.raw.any") : words("postbacks.outcome.\(outcome.rawValue)"),
                        isCurrent: outcome == question.outcome)
                }),
            "requests": .list(requests.map { row($0, words) }),
        ]
        return try frame.page(
            "postback_raw", context(.raw, request, own), title: words("postbacks.nav.raw"), at: .postbackRequests,
            to: request)
    }

    private func row(_ row: RawRequestRow, _ words: Words) -> ViewValue {
        [
            "place": ViewValue(row.eventID == nil ? nil : row.cursor.text), "iso": .string(row.at.iso8601),
            "text": .string(words.utc(row.at)),
            "outcome_word": .string(words("postbacks.outcome.\(row.outcome)")),
            "is_good": .bool(row.outcome == "accepted"), "is_refused": .bool(row.eventID == nil),
            "is_odd": .bool(["duplicate", "unmapped", "ignored"].contains(row.outcome)),
            "profile": ViewValue(row.profileName),
            "target": .string("\(row.raw["method"]?.stringValue ?? "") \(row.raw["target"]?.stringValue ?? "")"),
            "address": .string(row.address), "raw_text": .string(Self.rawText(row.raw)),
        ]
    }
}

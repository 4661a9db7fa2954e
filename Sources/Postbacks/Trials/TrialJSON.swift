import Base
import Telegram
import Views

/// What a trial found, for the page beside the editor and for programs.
enum TrialJSON {
    static func answer(
        _ result: RouteTrial.Result, days: Int, cutAt: Timestamp?,
        chats: [PostbackDeskStore.KnownChat], words: Words
    ) -> JSON {
        func change(_ change: RouteTrial.Change) -> JSON {
            ["before": .integer(Int64(change.before)), "after": .integer(Int64(change.after))]
        }
        func minute(_ minute: RouteTrial.Minute?) -> JSON {
            guard let minute else { return .null }
            return ["at": .string(minute.at.iso8601), "messages": .integer(Int64(minute.messages))]
        }
        func names(_ destinations: [Destination]) -> JSON {
            .array(destinations.map { .string(PostbackPages.title(ofChat: $0.chatID, chats) ?? "") })
        }
        return [
            "days": .integer(Int64(days)), "read": .integer(Int64(result.read)), "messages": change(result.messages),
            "message": .string(sentence(result, words)), "cut": PostbackJSON.text(cutAt.map { cut($0, words) }),
            "duplicates": change(result.duplicates),
            "ignored": change(result.ignored),
            "unmapped": change(result.unmapped), "moved": .integer(Int64(result.moved)),
            "chats": .array(
                result.chats.map { counts in
                    [
                        "chat_id": .integer(counts.chat.chatID), "topic_id": PostbackJSON.number(counts.chat.topicID),
                        "title": .string(PostbackPages.title(ofChat: counts.chat.chatID, chats) ?? ""),
                        "messages": change(counts.messages), "held": change(counts.held),
                        "days": .array(
                            counts.days.map { day, messages in
                                var json = change(messages)
                                json["day"] = .string(String(Timestamp(day).iso8601.prefix(10)))
                                return json
                            }),
                        "busiest_before": minute(counts.busiestBefore), "busiest_after": minute(counts.busiestAfter),
                    ]
                }),
            "first": .array(
                result.firstMoved.map { moved in
                    [
                        "at": .string(moved.at.iso8601), "status": .string(moved.postback.status.name),
                        "before": names(moved.before), "after": names(moved.after),
                        "text": PostbackJSON.text(moved.message.map { TelegramHTML.plain($0) }),
                    ]
                }),
        ]
    }

    /// `214 messages instead of 31`
    static func sentence(_ result: RouteTrial.Result, _ words: Words) -> String {
        let numbers = words.numbers
        return words(
            result.moved == 0 ? "postbacks.trial.same" : "postbacks.trial.sentence",
            [
                "count": .integer(Int64(result.messages.after)),
                "after": .string(numbers.number(Int64(result.messages.after))),
                "before": .string(numbers.number(Int64(result.messages.before))),
            ])
    }

    /// `Only the newest 100,000 requests were tried, those since 14 Nov 2026, 08:30 UTC.`
    static func cut(_ time: Timestamp, _ words: Words) -> String {
        words(
            "postbacks.trial.cut",
            [
                "count": .string(words.numbers.number(Int64(PostbackDeskStore.trialLimit))),
                "time": .string(words.utc(time)),
            ])
    }
}

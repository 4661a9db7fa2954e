import Base

/// What the phone shows, in JSON.
enum TelegramPhone {
    static func row(_ chat: SimulatedChat) -> JSON {
        let last = chat.messages.last
        let unread = chat.messages.count { $0.isFromBot && $0.id > chat.readUpTo }
        return [
            "id": .integer(chat.id), "title": .string(chat.title), "kind": .string(chat.kind),
            "state": .string(chat.state.rawValue), "unread": .integer(Int64(unread)),
            "preview": .string(String((last?.text.plain ?? "").prefix(80))),
            "at": last.map { .string($0.at.iso8601) } ?? .null,
        ]
    }

    static func chat(_ chat: SimulatedChat) -> JSON {
        var json = row(chat)
        json["topics"] = .array(
            chat.topics.map { ["id": .integer($0.id), "name": .string($0.name), "open": .bool($0.isOpen)] })
        json["toast"] =
            chat.toast.map {
                ["text": .string($0.text), "alert": .bool($0.isAlert), "number": .integer(Int64($0.number))]
            } ?? .null
        json["messages"] = .array(chat.messages.suffix(100).map { message($0) })
        return json
    }

    private static func message(_ message: SimulatedMessage) -> JSON {
        [
            "id": .integer(message.id), "from_bot": .bool(message.isFromBot), "html": .string(message.text.html),
            "topic": message.topicID.map { .integer($0) } ?? .null, "silent": .bool(message.isSilent),
            "edited": .bool(message.isEdited), "at": .string(message.at.iso8601),
            "keyboard": message.keyboard?["inline_keyboard"] ?? [],
        ]
    }
}

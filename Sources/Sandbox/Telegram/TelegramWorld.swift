import Base

/// What the simulated Telegram knows and how it answers (reference, telegram.md §1). Time is given, so that it is a table of rules.
struct TelegramWorld {
    struct Person: Hashable, Sendable {
        var id: Int64
        var name: String
        var language: String

        var json: JSON {
            [
                "id": .integer(id), "is_bot": false, "first_name": .string(name), "language_code": .string(language),
            ]
        }
    }

    /// Who has the phone.
    var owner = Person(id: 700_100, name: "Олена", language: "uk")
    /// By token.
    private(set) var bots: [String: Bot] = [:]
    private(set) var chats: [Int64: SimulatedChat] = [:]
    private(set) var floods = 0
    var hasLimits = true
    private var flood = TelegramFlood()
    private var presses = 0
    private var nextGroup: Int64 = -1_009_000_000_001

    struct Bot {
        let id: Int64
        let username: String
        var updates: [JSON] = []
        var nextUpdate: Int64
        var commands: [String: [JSON]] = [:]

        var json: JSON {
            [
                "id": .integer(id), "is_bot": true, "first_name": .string(username), "username": .string(username),
                "can_join_groups": true,
            ]
        }
    }

    /// - Parameter firstUpdate: higher than any of an earlier world with the same bots: their desk remembers.
    init(bots tokens: [String: String], chats: [SimulatedChat], firstUpdate: Int64 = 1000) {
        for (token, username) in tokens {
            let id = Int64(token.prefix { $0 != ":" }) ?? 1
            bots[token] = Bot(id: id, username: username, nextUpdate: firstUpdate)
        }
        for chat in chats { self.chats[chat.id] = chat }
    }

    /// The answer of a method.
    struct Reply: Hashable, Sendable {
        var status = 200
        var body: JSON

        static func good(_ result: JSON) -> Reply { Reply(body: ["ok": true, "result": result]) }

        static func bad(_ status: Int, _ description: String, _ parameters: JSON? = nil) -> Reply {
            var body: JSON = [
                "ok": false, "error_code": .integer(Int64(status)), "description": .string(description),
            ]
            body["parameters"] = parameters
            return Reply(status: status, body: body)
        }
    }

    mutating func add(_ chat: SimulatedChat) { chats[chat.id] = chat }

    /// Messages that a chat got before, for the limits alone.
    mutating func noteSends(to chat: Int64, at times: [Int64]) { flood.note(chat: chat, at: times) }

    // MARK: Methods

    /// All but `getUpdates`, which waits.
    mutating func call(_ method: String, _ given: JSON, token: String, now: Timestamp, steady: Int64) -> Reply {
        guard let bot = bots[token] else { return .bad(401, "Unauthorized") }
        switch method.lowercased() {
        case "getme": return .good(bot.json)
        case "deletewebhook", "setwebhook": return .good(true)
        case "setmycommands":
            bots[token]?.commands[given["language_code"]?.stringValue ?? ""] = given["commands"]?.arrayValue ?? []
            return .good(true)
        case "getchat":
            guard let chat = chat(given) else { return .bad(400, "Bad Request: chat not found") }
            return hindrance(chat, topic: nil) ?? .good(chat.json)
        case "sendmessage": return send(given, bot, now: now, steady: steady)
        case "editmessagetext": return edit(given)
        case "answercallbackquery": return answer(given)
        default: return .bad(404, "Not Found")
        }
    }

    private func chat(_ given: JSON) -> SimulatedChat? { given["chat_id"]?.intValue.flatMap { chats[$0] } }

    private func hindrance(_ chat: SimulatedChat, topic: Int64?) -> Reply? {
        let place = chat.kind == "group" ? "group" : chat.kind
        if let group = chat.migratedTo {
            return .bad(
                400, "Bad Request: group chat was upgraded to a supergroup chat",
                ["migrate_to_chat_id": .integer(group)])
        }
        switch chat.state {
        case .open: break
        case .blocked: return .bad(403, "Forbidden: bot was blocked by the user")
        case .deactivated: return .bad(403, "Forbidden: user is deactivated")
        case .kicked: return .bad(403, "Forbidden: bot was kicked from the \(place) chat")
        case .notMember: return .bad(403, "Forbidden: bot is not a member of the \(place) chat")
        case .deleted: return .bad(403, "Forbidden: the group chat was deleted")
        case .noRights: return .bad(400, "Bad Request: not enough rights to send text messages to the chat")
        }
        guard let topic else { return nil }
        guard let found = chat.topics.first(where: { $0.id == topic }) else {
            return .bad(400, "Bad Request: message thread not found")
        }
        return found.isOpen ? nil : .bad(400, "Bad Request: TOPIC_CLOSED")
    }

    private mutating func send(_ given: JSON, _ bot: Bot, now: Timestamp, steady: Int64) -> Reply {
        guard let chat = chat(given) else { return .bad(400, "Bad Request: chat not found") }
        let topic = given["message_thread_id"]?.intValue
        if let hindrance = hindrance(chat, topic: topic) { return hindrance }
        if hasLimits, let seconds = flood.retryAfter(chat: chat.id, now: steady) {
            floods += 1
            return .bad(
                429, "Too Many Requests: retry after \(seconds)", ["retry_after": .integer(Int64(seconds))])
        }
        switch Self.content(given) {
        case .failure(let refusal): return .bad(400, refusal.description)
        case .success(let text):
            let message = post(
                SimulatedMessage(
                    id: 0, isFromBot: true, text: text, topicID: topic,
                    isSilent: given["disable_notification"]?.boolValue ?? false, at: now,
                    keyboard: given["reply_markup"]), in: chat.id)
            return .good(json(of: message, in: chat.id, from: bot.json))
        }
    }

    private mutating func edit(_ given: JSON) -> Reply {
        guard let chat = chat(given) else { return .bad(400, "Bad Request: chat not found") }
        if let hindrance = hindrance(chat, topic: nil) { return hindrance }
        guard let id = given["message_id"]?.intValue,
            let place = chat.messages.firstIndex(where: { $0.id == id && $0.isFromBot })
        else { return .bad(400, "Bad Request: message to edit not found") }
        switch Self.content(given) {
        case .failure(let refusal): return .bad(400, refusal.description)
        case .success(let text):
            let old = chat.messages[place]
            guard old.text != text || old.keyboard != given["reply_markup"] else {
                return .bad(
                    400,
                    "Bad Request: message is not modified: specified new message content and reply markup are exactly the same as a current content and reply markup of the message"
                )
            }
            chats[chat.id]?.messages[place].text = text
            chats[chat.id]?.messages[place].keyboard = given["reply_markup"]
            chats[chat.id]?.messages[place].isEdited = true
            return .good(true)
        }
    }

    private static func content(_ given: JSON) -> Result<TelegramText, TelegramText.Refusal> {
        for row in given["reply_markup"]?["inline_keyboard"]?.arrayValue ?? [] {
            for button in row.arrayValue ?? [] {
                if let data = button["callback_data"]?.stringValue, !(1...64).contains(data.utf8.count) {
                    return .failure(.init(description: "Bad Request: BUTTON_DATA_INVALID"))
                }
            }
        }
        do throws(TelegramText.Refusal) {
            return .success(
                try TelegramText(
                    given["text"]?.stringValue ?? "", isHTML: given["parse_mode"]?.stringValue == "HTML"))
        } catch {
            return .failure(error)
        }
    }

    private var queries: [String: Int64] = [:]

    private mutating func answer(_ given: JSON) -> Reply {
        guard let id = given["callback_query_id"]?.stringValue, let chat = queries.removeValue(forKey: id) else {
            return .bad(
                400, "Bad Request: query is too old and response timeout expired or query ID is invalid")
        }
        if let text = given["text"]?.stringValue, !text.isEmpty {
            let number = (chats[chat]?.toast?.number ?? 0) + 1
            chats[chat]?.toast = SimulatedToast(
                text: text, isAlert: given["show_alert"]?.boolValue ?? false, number: number)
        }
        return .good(true)
    }

    // MARK: Updates

    /// Those from `offset` on; earlier ones are confirmed and gone. An offset far ahead of all counts for nothing, as Telegram's own
    /// server has it (tdlib/td, TQueue::get, and its caller in telegram-bot-api).
    mutating func updates(token: String, offset: Int64, limit: Int) -> [JSON] {
        if let next = bots[token]?.nextUpdate, offset <= next &+ 9 {
            bots[token]?.updates.removeAll { ($0["update_id"]?.intValue ?? 0) < offset }
        }
        return Array((bots[token]?.updates ?? []).prefix(max(1, min(limit, 100))))
    }

    /// As after a week of silence.
    mutating func renumberUpdates(from first: Int64) {
        for token in bots.keys { bots[token]?.nextUpdate = first }
    }

    private mutating func tell(_ name: String, _ content: JSON) {
        for token in bots.keys {
            guard let number = bots[token]?.nextUpdate else { continue }
            bots[token]?.nextUpdate += 1
            var update: JSON = ["update_id": .integer(number)]
            update[name] = content
            bots[token]?.updates.append(update)
        }
    }

    // MARK: What the owner of the phone does

    @discardableResult
    private mutating func post(_ message: SimulatedMessage, in chat: Int64) -> SimulatedMessage {
        var message = message
        message.id = chats[chat]?.nextMessage ?? 1
        chats[chat]?.nextMessage += 1
        chats[chat]?.messages.append(message)
        if let count = chats[chat]?.messages.count, count > 400 { chats[chat]?.messages.removeFirst(200) }
        return message
    }

    private func json(of message: SimulatedMessage, in chat: Int64, from: JSON) -> JSON {
        var json: JSON = [
            "message_id": .integer(message.id), "from": from, "date": .integer(message.at.seconds),
            "text": .string(message.text.plain),
        ]
        json["chat"] = chats[chat]?.json
        if let topic = message.topicID {
            json["message_thread_id"] = .integer(topic)
            json["is_topic_message"] = true
        }
        json["reply_markup"] = message.keyboard
        return json
    }

    /// False: there is no such chat, or nothing was said.
    mutating func say(_ text: String, in chat: Int64, topic: Int64?, now: Timestamp) -> Bool {
        guard chats[chat] != nil, let text = try? TelegramText(text, isHTML: false) else { return false }
        // Who writes to a bot has it unblocked.
        if chats[chat]?.state == .blocked { setState(.open, of: chat) }
        let message = post(SimulatedMessage(id: 0, isFromBot: false, text: text, topicID: topic, at: now), in: chat)
        tell("message", json(of: message, in: chat, from: owner.json))
        return true
    }

    /// False: the message has no such button.
    mutating func press(_ data: String, message id: Int64, in chat: Int64) -> Bool {
        guard let message = chats[chat]?.messages.first(where: { $0.id == id }),
            message.buttons.contains(where: { $0.data == data })
        else { return false }
        presses += 1
        let query = "press-\(presses)"
        queries[query] = chat
        let bot = bots.values.first?.json ?? [:]
        tell(
            "callback_query",
            [
                "id": .string(query), "from": owner.json, "message": json(of: message, in: chat, from: bot),
                "chat_instance": "sandbox", "data": .string(data),
            ])
        return true
    }

    /// The bot is told as Telegram tells it.
    mutating func setState(_ state: SimulatedChat.State, of chat: Int64) {
        guard let old = chats[chat], old.state != state else { return }
        chats[chat]?.state = state
        guard state != .deactivated, state != .deleted else { return }
        func member(_ state: SimulatedChat.State) -> JSON {
            let status =
                switch state {
                case .blocked, .kicked: "kicked"
                case .notMember: "left"
                case .noRights: "restricted"
                default: "member"
                }
            var json: JSON = ["status": .string(status), "user": bots.values.first?.json ?? [:]]
            if state == .noRights { json["can_send_messages"] = false }
            return json
        }
        tell(
            "my_chat_member",
            [
                "chat": old.json, "from": owner.json, "old_chat_member": member(old.state),
                "new_chat_member": member(state),
            ])
    }

    mutating func setTopic(_ topic: Int64, of chat: Int64, isOpen: Bool) {
        guard let place = chats[chat]?.topics.firstIndex(where: { $0.id == topic }) else { return }
        chats[chat]?.topics[place].isOpen = isOpen
    }

    /// The group becomes a supergroup; the bot is told when it writes to the old one, or here when `isAnnounced`.
    mutating func migrate(_ chat: Int64, isAnnounced: Bool, now: Timestamp) -> Int64? {
        guard var group = chats[chat], group.migratedTo == nil, group.kind == "group" else { return nil }
        let old = group.json
        group.id = nextGroup
        nextGroup -= 1
        group.kind = "supergroup"
        chats[group.id] = group
        chats[chat]?.migratedTo = group.id
        if isAnnounced {
            tell(
                "message",
                [
                    "message_id": .integer(group.nextMessage), "chat": old, "from": owner.json,
                    "date": .integer(now.seconds), "migrate_to_chat_id": .integer(group.id),
                ])
        }
        return group.id
    }

    mutating func read(_ chat: Int64) {
        let newest = (chats[chat]?.nextMessage ?? 1) - 1
        chats[chat]?.readUpTo = newest
    }
}

import Base
import Fetch

/// One bot of the Bot API, by its token. Any thread; a call goes out on the loop it is made on.
///
/// Everything is sent as POST with JSON. No call is repeated here: what to do about a failure is its caller's to know.
package struct TelegramClient: Sendable {
    package static let officialURL = "https://api.telegram.org"

    private let fetch: Fetch
    private let base: String
    private let token: Secret
    private let deadline: Duration

    /// - Parameters:
    ///   - url: of the Bot API server, without a slash at the end.
    ///   - deadline: for one call; long polls get their own time on top.
    package init(fetch: Fetch, token: Secret, url: String = Self.officialURL, deadline: Duration = .seconds(15)) {
        self.fetch = fetch
        self.token = token
        base = url
        self.deadline = deadline
    }

    /// The number before the colon, which is no secret; the whole bot is known by it.
    package var botID: String { String(token.reveal().prefix { $0 != ":" }) }

    /// The `result` of any method.
    /// - Parameter longer: how long the server is asked to wait by itself.
    @discardableResult
    package func call(
        _ method: String, _ parameters: JSON = [:], longer: Duration = .zero
    ) async throws(TelegramFailure) -> JSON {
        let request = OutgoingRequest(
            .post, "\(base)/bot\(token.reveal())/\(method)", headers: ["Content-Type": "application/json"],
            body: parameters.bytes, deadline: deadline + longer, responseLimit: 8 << 20)
        let response: FetchResponse
        do throws(FetchError) {
            response = try await fetch.send(request)
        } catch {
            throw .unavailable(description: "\(error)")
        }
        return try TelegramAnswer.result(
            status: response.status, retryAfter: response.headers["Retry-After"], body: response.body)
    }
}

extension TelegramClient {
    // MARK: Messages

    /// - Returns: the message's number in its chat.
    @discardableResult
    package func sendMessage(
        _ text: String, to chatID: Int64, topic: Int64? = nil, isHTML: Bool = true, isSilent: Bool = false,
        keyboard: InlineKeyboard? = nil
    ) async throws(TelegramFailure) -> Int64 {
        var parameters = Self.content(text, isHTML: isHTML, keyboard: keyboard)
        parameters["chat_id"] = .integer(chatID)
        if let topic { parameters["message_thread_id"] = .integer(topic) }
        if isSilent { parameters["disable_notification"] = true }
        guard let id = try await call("sendMessage", parameters)["message_id"]?.intValue else {
            throw .unavailable(description: "the answer names no message")
        }
        return id
    }

    /// An edit that changes nothing is well.
    package func editMessageText(
        _ text: String, message: Int64, in chatID: Int64, keyboard: InlineKeyboard? = nil
    ) async throws(TelegramFailure) {
        var parameters = Self.content(text, isHTML: true, keyboard: keyboard)
        parameters["chat_id"] = .integer(chatID)
        parameters["message_id"] = .integer(message)
        do throws(TelegramFailure) {
            try await call("editMessageText", parameters)
        } catch {
            if case .message(let description) = error, description.contains("message is not modified") { return }
            throw error
        }
    }

    private static func content(_ text: String, isHTML: Bool, keyboard: InlineKeyboard?) -> JSON {
        var parameters: JSON = ["text": .string(text), "link_preview_options": ["is_disabled": true]]
        if isHTML { parameters["parse_mode"] = "HTML" }
        if let keyboard { parameters["reply_markup"] = keyboard.json }
        return parameters
    }

    /// Ends the waiting sign on a pressed button. One that comes too late is well: the sign has gone by itself.
    package func answerCallbackQuery(
        _ id: String, text: String = "", isAlert: Bool = false
    ) async throws(TelegramFailure) {
        var parameters: JSON = ["callback_query_id": .string(id)]
        if !text.isEmpty { parameters["text"] = .string(text) }
        if isAlert { parameters["show_alert"] = true }
        do throws(TelegramFailure) {
            try await call("answerCallbackQuery", parameters)
        } catch {
            if case .message(let description) = error, description.contains("query is too old") { return }
            throw error
        }
    }

    // MARK: Updates

    /// Waits up to `wait` (the server allows 50 s) for updates from `offset` on; what is before it is confirmed and gone.
    package func getUpdates(
        from offset: Int64, wait: Duration, limit: Int = 100
    ) async throws(TelegramFailure) -> [TelegramUpdate] {
        let result = try await call(
            "getUpdates",
            [
                "offset": .integer(offset), "timeout": .integer(wait.components.seconds),
                "limit": .integer(Int64(limit)), "allowed_updates": ["message", "callback_query", "my_chat_member"],
            ], longer: wait)
        guard let list = result.arrayValue else { throw .unavailable(description: "the answer holds no updates") }
        let updates = list.compactMap { TelegramUpdate($0) }
        // They can't be confirmed, so they would come at once, for ever.
        if updates.isEmpty, !list.isEmpty { throw .unavailable(description: "the updates have no usable numbers") }
        return updates
    }

    /// Without it `getUpdates` is refused as long as the token has a webhook.
    package func deleteWebhook() async throws(TelegramFailure) { try await call("deleteWebhook") }

    // MARK: The bot and its chats

    /// Who the token belongs to.
    package func getMe() async throws(TelegramFailure) -> TelegramUser {
        guard let user = TelegramUser(try await call("getMe")) else {
            throw .unavailable(description: "the answer names no bot")
        }
        return user
    }

    package func getChat(_ id: Int64) async throws(TelegramFailure) -> TelegramChat {
        guard let chat = TelegramChat(try await call("getChat", ["chat_id": .integer(id)])) else {
            throw .unavailable(description: "the answer names no chat")
        }
        return chat
    }

    /// What is offered behind the slash, for users of a language; nil: for those of all others.
    package func setMyCommands(
        _ commands: [(name: String, description: String)], language: String?
    ) async throws(TelegramFailure) {
        var parameters: JSON = [
            "commands": .array(
                commands.map { ["command": .string($0.name), "description": .string($0.description)] })
        ]
        if let language { parameters["language_code"] = .string(language) }
        try await call("setMyCommands", parameters)
    }
}

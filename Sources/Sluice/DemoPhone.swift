import Base
import Frame
import HTTP
import Sandbox
import Views

/// The demo's phone: a page that shows the simulated Telegram's chats, and on which one writes to the bot and presses its buttons.
enum DemoPhone {
    static let path = "/sandbox/telegram"

    static func routes(_ telegram: TelegramSandbox, frame: Frame) -> [Route] {
        let page = Route(.get, "\(path)/", access: .signedIn, summary: "The phone of the demo") { request in
            let words = frame.words(for: request)
            return try frame.page(
                "telegram_phone", ["asset_version": .string(frame.assetVersion), "path": .string(path)],
                title: words("phone.title"), at: .elsewhere, to: request)
        }
        return ([page] + telegram.phoneRoutes(below: path, access: .signedIn)).map { $0.described(in: descriptions) }
    }

    private static let chat = Shape.object([
        .required("id", .integer), .required("title", .text), .required("kind", .text), .required("state", .text),
        .required("unread", .integer), .required("preview", .text), .required("at", .text.orNull),
    ])
    private static let number = RouteDescription.Parameter.path(
        "chat", .text, "The number of the chat; groups have numbers below zero.")

    private static let descriptions: [String: RouteDescription] = [
        "GET \(path)/": RouteDescription("Sandbox", answers: [.page("Chats as a phone shows them.")]),
        "GET \(path)/chats/": RouteDescription(
            "Sandbox", answers: [.json(.object([.required("chats", .list(of: chat))]), "The newest first.")]),
        "GET \(path)/chats/{chat}/": RouteDescription(
            "Sandbox", parameters: [number],
            answers: [.json(Shape.object([.required("id", .integer)]).andOthers, "The chat with its messages.")],
            problems: [(.notFound, "There is no such chat.")]),
        "POST \(path)/chats/{chat}/messages/": RouteDescription(
            "Sandbox", parameters: [number],
            content: .init(
                [.required("text", .text), .optional("topic", .integer)], types: [RouteDescription.Content.json]),
            answers: [.json(.object([.required("said", .bool)]), "The bot has it.")],
            problems: [(.unprocessable, "There is no such chat, or no text.")]),
        "POST \(path)/chats/{chat}/presses/": RouteDescription(
            "Sandbox", parameters: [number],
            content: .init(
                [.required("message", .integer), .required("data", .text)], types: [RouteDescription.Content.json]),
            answers: [.json(.object([.required("pressed", .bool)]), "The bot has it.")],
            problems: [(.unprocessable, "The message has no such button.")]),
        "POST \(path)/chats/{chat}/state/": RouteDescription(
            "Sandbox", parameters: [number],
            content: .init([.required("state", .text)], types: [RouteDescription.Content.json]),
            answers: [.json(Shape.object([]).andOthers, "The chat is so now.")],
            problems: [(.unprocessable, "There is no such state.")]),
    ]
}

import Accounts
import Base
import Frame
import HTTP
import Views

/// What a browser sees of the postbacks desk. Numbers, times and sentences are ready texts here.
struct PostbackPages: Sendable {
    let frame: Frame

    enum Tab: String { case log, profiles, routes, charts, raw }

    /// What every page's context has: the token of forms and the open tab.
    func context(_ tab: Tab, _ request: Request, _ own: ViewObject) -> ViewValue {
        let common: ViewObject = [
            "csrf_token": .string(request[Viewer.self]?.csrfToken ?? ""), "tab_log": .bool(tab == .log),
            "tab_profiles": .bool(tab == .profiles), "tab_routes": .bool(tab == .routes),
            "tab_charts": .bool(tab == .charts), "tab_raw": .bool(tab == .raw),
        ]
        return .object(common.merging(own))
    }

    // MARK: Words

    static func statusWord(_ status: String, _ words: Words) -> String {
        switch status {
        case "registration": words("postbacks.status.registration")
        case "deposit": words("postbacks.status.deposit")
        case "rejected": words("postbacks.status.rejected")
        case "rebill": words("postbacks.status.rebill")
        case "": words("postbacks.status.none")
        default: "“\(status)”"
        }
    }

    /// What colours a status' chip.
    static func chip(_ status: String) -> ViewObject {
        [
            "is_up": .bool(status == "deposit" || status == "rebill"), "is_down": .bool(status == "rejected"),
            "is_open": .bool(!ProfileInput.statuses.contains(status)),
        ]
    }

    /// "212 ms", "1.4 s", "2 min 37 s", "3 h 5 min"
    static func duration(_ milliseconds: Int64, _ words: Words) -> String {
        let milliseconds = max(0, milliseconds)
        if milliseconds < 1_000 { return words("postbacks.duration.ms", ["count": .integer(milliseconds)]) }
        if milliseconds < 60_000 {
            let text = words.numbers.number(Double(milliseconds) / 1_000, places: milliseconds < 10_000 ? 1 : 0)
            return words("postbacks.duration.s", ["count": .string(text)])
        }
        let seconds = milliseconds / 1_000
        if seconds < 3_600 {
            return words(
                "postbacks.duration.min", ["minutes": .integer(seconds / 60), "seconds": .integer(seconds % 60)])
        }
        return words(
            "postbacks.duration.h", ["hours": .integer(seconds / 3_600), "minutes": .integer(seconds / 60 % 60)])
    }

    static func money(_ amount: String?, _ currency: String, _ words: Words) -> String? {
        guard let amount, let number = DecimalNumber(text: amount) else { return nil }
        return currency.isEmpty
            ? words.numbers.number(number, places: 2) : words.numbers.money(number, currency, places: 2)
    }

    static func choice(_ value: String, _ label: String, isCurrent: Bool) -> ViewValue {
        ["value": .string(value), "label": .string(label), "is_current": .bool(isCurrent)]
    }

    // MARK: Chats

    /// The choices of a chat; the one that is chosen is there even when the bot doesn't know it.
    static func chats(
        _ chats: [PostbackDeskStore.KnownChat], chosen: Int64?, _ words: Words, mayBeNone: Bool
    ) -> [ViewValue] {
        var choices: [ViewValue] = []
        if mayBeNone { choices.append(choice("", words("postbacks.profiles.no_chat"), isCurrent: chosen == nil)) }
        choices += chats.map { choice(String($0.id), title($0), isCurrent: $0.id == chosen) }
        if let chosen, !chats.contains(where: { $0.id == chosen }) {
            choices.append(choice(String(chosen), String(chosen), isCurrent: true))
        }
        choices.append(choice("other", words("postbacks.profiles.other_chat"), isCurrent: false))
        return choices
    }

    static func title(_ chat: PostbackDeskStore.KnownChat) -> String {
        let name = chat.title.isEmpty ? String(chat.id) : chat.title
        return chat.problem == nil ? name : "⚠ \(name)"
    }

    static func title(ofChat id: Int64?, _ chats: [PostbackDeskStore.KnownChat]) -> String? {
        guard let id else { return nil }
        return chats.first { $0.id == id }.map { $0.title.isEmpty ? String(id) : $0.title } ?? String(id)
    }
}

import Base
import BotRuntime
import Frame
import Telegram
import Views

/// What somebody of the bot changes. Every change goes through the same store, checks and audit log as those of the pages.
extension BotVisit {
    // MARK: Profiles

    /// - Returns: false when the button is none of a profile.
    func changeProfile(
        _ button: String, _ id: Int64, _ choice: String, _ intake: PostbackIntake
    ) async throws -> Bool {
        switch button {
        case "n": try await turn.ask(prompt("postbacks.bot.ask_name", back: "l"), step: "name")
        case "t" where choice.isEmpty: try await askTest(id)
        case "t":
            guard ProfileInput.statuses.contains(choice),
                let listed = try await store.profile(id, for: member.reader)
            else { return true }
            let isSent = try await PostbackDeskRoutes.sendTest(listed.profile, choice, intake)
            try await turn.toast(words(isSent ? "postbacks.said.test_sent" : "postbacks.said.test_later"))
        case "e": try await edit(id, ["enabled": .bool(choice == "1")])
        case "cs" where choice == "ask":
            try await turn.ask(
                prompt("postbacks.bot.ask_chat", back: "c:\(id)"), step: "chat", state: ["id": .integer(id)])
        case "cs": try await propose(.profile, id, chatFields(choice))
        case "g" where choice.isEmpty:
            try await turn.show(languageScreen("g", id, mayBeNone: false, back: "p:\(id)"))
        case "g": try await edit(id, ["language": .string(choice)])
        case "s" where choice.isEmpty:
            let hasOld = try await store.profile(id, for: member.reader)?.oldSecretUntil != nil
            let warning = hasOld ? "\n\n⚠️ \(text("postbacks.profile.rotate_again"))" : ""
            let choices = PostbackPages.graceHours.map { hours in
                [BotButton.press(PostbackPages.grace(hours, words), "s:\(id):\(hours)")]
            }
            try await turn.show(
                BotScreen(
                    "🔑 \(text("postbacks.profile.rotate_text"))\(warning)\n\n\(text("postbacks.profile.grace")):",
                    buttons: choices + [[.press("⬅️ \(words("postbacks.bot.back"))", "p:\(id)")]]))
        case "s":
            guard let hours = Int64(choice), PostbackPages.graceHours.contains(hours) else { return true }
            guard try await store.rotateSecret(ofProfile: id, grace: .seconds(hours * 3_600), by: editor) != nil else {
                try await gone()
                return true
            }
            try await showURL(id)
        case "d" where choice.isEmpty:
            guard let listed = try await store.profile(id, for: member.reader) else {
                try await gone()
                return true
            }
            try await confirm(
                "🗑 <b>\(TelegramHTML.escape(listed.profile.name))</b>\n" + text("postbacks.profile.remove_text"),
                yes: words("postbacks.profile.remove"), "d:\(id):1", back: "p:\(id)")
        case "d":
            _ = try await store.remove(profile: id, by: editor)
            try await turn.show(try await list())
        default: return false
        }
        return true
    }

    private func askTest(_ id: Int64) async throws {
        let statuses = ProfileInput.statuses.map { status in
            [BotButton.press(PostbackPages.statusWord(status, words), "t:\(id):\(status)")]
        }
        try await turn.show(
            BotScreen(
                "🧪 \(text("postbacks.bot.ask_test"))",
                buttons: statuses + [[.press("⬅️ \(words("postbacks.bot.back"))", "p:\(id)")]]))
    }

    private func edit(_ id: Int64, _ settings: JSON) async throws {
        let edited = try await store.edit(profile: id, by: editor) { try ProfileInput.apply(settings, to: &$0) }
        guard edited != nil else { return try await gone() }
        try await showProfile(id)
    }

    /// A topic is the one that the button was pressed in.
    private func chatFields(_ choice: String) -> JSON {
        switch choice {
        case "here": ["chat_id": .integer(turn.chatID), "topic_id": turn.topicID.map { .integer($0) } ?? .null]
        case "none": ["chat_id": .null]
        default: ["chat_id": .string(choice)]
        }
    }

    // MARK: Routes

    func changeRoute(_ button: String, _ id: Int64, _ choice: String) async throws {
        let state: JSON = ["id": .integer(id)]
        switch button {
        case "a":
            guard try await store.profile(id, for: member.reader) != nil else { return try await gone() }
            try await turn.ask(prompt("postbacks.bot.ask_match", back: "r:\(id)"), step: "route", state: state)
        case "om": try await turn.ask(prompt("postbacks.bot.ask_match", back: "o:\(id)"), step: "match", state: state)
        case "og":
            try await turn.ask(prompt("postbacks.bot.ask_countries", back: "o:\(id)"), step: "countries", state: state)
        case "op":
            try await turn.ask(prompt("postbacks.bot.ask_priority", back: "o:\(id)"), step: "priority", state: state)
        case "oq": try await turn.ask(prompt("postbacks.bot.ask_quiet", back: "o:\(id)"), step: "quiet", state: state)
        case "or":
            try await turn.ask(
                prompt("postbacks.bot.ask_route_name", back: "o:\(id)"), step: "route_name", state: state)
        case "oh":
            try await turn.ask(prompt("postbacks.bot.ask_topic", back: "o:\(id)"), step: "route_topic", state: state)
        case "os", "ot", "oz": try await chooseStatuses(button, id, choice)
        case "oe": try await propose(.route, id, ["enabled": .bool(choice == "1")])
        case "on": try await propose(.route, id, ["continues": .bool(choice == "1")])
        case "ol" where choice.isEmpty:
            try await turn.show(languageScreen("ol", id, mayBeNone: true, back: "o:\(id)"))
        case "ol": try await editRoute(id, ["language": choice == "none" ? .null : .string(choice)])
        case "oc":
            guard let owned = try await store.route(id, for: member.reader) else { return try await gone() }
            try await turn.show(
                try await chatScreen("oc", id, chosen: owned.route.chatID, mayBeNone: false, back: "o:\(id)"))
        case "ocs" where choice == "ask":
            try await turn.ask(prompt("postbacks.bot.ask_chat", back: "o:\(id)"), step: "route_chat", state: state)
        case "ocs": try await propose(.route, id, chatFields(choice))
        case "od" where choice.isEmpty:
            try await confirm(
                "🗑 \(text("postbacks.routes.remove_title"))" + "\n" + text("postbacks.routes.remove_text"),
                yes: words("postbacks.routes.remove"), "od:\(id):1", back: "o:\(id)")
        case "od":
            guard let profile = try await store.remove(route: id, by: editor) else { return try await gone() }
            try await showRoutes(profile)
        default: try await turn.show(try await list())
        }
    }

    /// Statuses are ticked first, then tried and saved together.
    private func chooseStatuses(_ button: String, _ id: Int64, _ status: String) async throws {
        guard let owned = try await store.route(id, for: member.reader) else { return try await gone() }
        var chosen = owned.route.statuses
        if button != "os", turn.state["id"]?.intValue == id, let ticked = turn.state["statuses"]?.arrayValue {
            chosen = Set(ticked.compactMap(\.stringValue))
        }
        if button == "ot", ProfileInput.statuses.contains(status), chosen.remove(status) == nil {
            chosen.insert(status)
        }
        let list = JSON.array(chosen.sorted().map { .string($0) })
        guard button != "oz" else { return try await propose(.route, id, ["statuses": list]) }
        var buttons: [[BotButton]] = ProfileInput.statuses.map { status in
            let mark = chosen.contains(status) ? "✅ " : ""
            return [.press(mark + PostbackPages.statusWord(status, words), "ot:\(id):\(status)")]
        }
        buttons.append([.press("👌 \(words("postbacks.bot.done"))", "oz:\(id)")])
        buttons.append([.press("⬅️ \(words("postbacks.bot.back"))", "o:\(id)")])
        let others = chosen.subtracting(ProfileInput.statuses).sorted().joined(separator: ", ")
        let html =
            "🏷 \(text("postbacks.bot.ask_statuses"))"
            + (others.isEmpty ? "" : "\n✅ " + TelegramHTML.escape(others))
        try await turn.ask(
            BotScreen(html, buttons: buttons), step: "statuses", state: ["id": .integer(id), "statuses": list])
    }

    private func editRoute(_ id: Int64, _ settings: JSON) async throws {
        let edited = try await store.edit(route: id, by: editor) { try ProfileInput.apply(settings, to: &$0) }
        guard edited != nil else { return try await gone() }
        try await showRoute(id)
    }

    // MARK: Answers to questions

    /// - Throws: `FieldProblem` for a text that can't be.
    func answer(_ text: String, step: String, id: Int64) async throws {
        do {
            switch step {
            case "name":
                var profile = PostbackProfile(id: 0, name: "", language: words.language.rawValue)
                try ProfileInput.apply(["name": .string(text)], to: &profile)
                let made = try await store.add(profile, by: editor)
                try await turn.finish()
                try await turn.say(
                    try await chatScreen("c", made, chosen: nil, mayBeNone: true, back: "p:\(made)"))
            case "chat": try await propose(.profile, id, ["chat_id": .string(text)])
            case "route": try await addRoute(text, toProfile: id)
            case "match": try await propose(.route, id, Self.match(text))
            case "statuses": try await propose(.route, id, ["statuses": .string(text == "-" ? "" : text)])
            case "countries": try await propose(.route, id, ["countries": .string(text == "-" ? "" : text)])
            case "priority": try await propose(.route, id, ["priority": .string(text)])
            case "quiet": try await propose(.route, id, Self.quiet(text))
            case "route_chat": try await propose(.route, id, ["chat_id": .string(text)])
            case "route_name": try await editRoute(id, ["name": .string(text == "-" ? "" : text)])
            case "route_topic": try await editRoute(id, ["topic_id": Self.orNothing(text)])
            default:
                if try await !answerSetting(text, step: step, id: id) { try await turn.finish() }
            }
        } catch let problem as Problem {
            throw FieldProblem(word: problem.detail)
        }
    }

    /// It goes to the chat of the profile until another is chosen, or to this one.
    private func addRoute(_ text: String, toProfile id: Int64) async throws {
        guard let listed = try await store.profile(id, for: member.reader) else { return try await gone() }
        var settings = Self.match(text)
        let ownChat = listed.profile.chatID
        settings["chat_id"] = .integer(ownChat ?? turn.chatID)
        settings["topic_id"] = (ownChat == nil ? turn.topicID : listed.profile.topicID).map { .integer($0) } ?? .null
        settings["priority"] = .integer(Int64((listed.profile.routes.map(\.priority).max() ?? 0) + 10))
        try await propose(.newRoute, id, settings)
    }

    /// `4127` is a campaign, `-` any postback, and all else a source.
    static func match(_ text: String) -> JSON {
        let text = String(text.trimmingSpaces())
        if text == "-" { return ["match": "any", "match_value": ""] }
        let isNumber = !text.isEmpty && text.utf8.allSatisfy { 0x30...0x39 ~= $0 }
        return ["match": isNumber ? "campaign_id" : "source", "match_value": .string(text)]
    }

    /// `23:00-08:00 Europe/Kyiv digest`; zone and mode may be left out, and `-` ends the quiet.
    static func quiet(_ text: String) -> JSON {
        let parts = text.split(whereSeparator: \.isWhitespace).map(String.init)
        guard let hours = parts.first, hours != "-" else { return ["quiet_from": .null, "quiet_until": .null] }
        let ends = hours.split(whereSeparator: { $0 == "-" || $0 == "–" || $0 == "—" }).map(String.init)
        var json: JSON = [
            "quiet_from": .string(ends.first ?? hours), "quiet_until": .string(ends.count > 1 ? ends[1] : "?"),
        ]
        for part in parts.dropFirst() {
            json[part == "silent" || part == "digest" ? "quiet_mode" : "quiet_zone"] = .string(part)
        }
        return json
    }

    // MARK: Pieces

    func prompt(_ word: String, back: String) -> BotScreen {
        BotScreen(text(word), buttons: [[.press("⬅️ \(words("postbacks.bot.back"))", back)]])
    }

    private func languageScreen(_ prefix: String, _ id: Int64, mayBeNone: Bool, back: String) -> BotScreen {
        var buttons: [[BotButton]] = PostbackPages.languageNames.map { code, name in
            [.press(name, "\(prefix):\(id):\(code)")]
        }
        if mayBeNone { buttons.append([.press(words("postbacks.routes.language_profile"), "\(prefix):\(id):none")]) }
        buttons.append([.press("⬅️ \(words("postbacks.bot.back"))", back)])
        return BotScreen("🌐 \(text("postbacks.profiles.language"))", buttons: buttons)
    }
}

/// What somebody typed can't be.
struct FieldProblem: Error {
    let word: Word
}

import Base
import BotRuntime
import Telegram
import Views

/// The settings of a profile that are typed: the same as on its page.
extension BotVisit {
    /// - Returns: false when the button is none of these.
    func changeSettings(_ button: String, _ id: Int64, _ choice: String) async throws -> Bool {
        let state: JSON = ["id": .integer(id)]
        switch button {
        case "x": try await showSettings(id)
        case "xn": try await turn.ask(prompt("postbacks.bot.ask_name", back: "x:\(id)"), step: "rename", state: state)
        case "xt": try await turn.ask(prompt("postbacks.bot.ask_topic", back: "x:\(id)"), step: "topic", state: state)
        case "xd": try await turn.ask(prompt("postbacks.bot.ask_dedup", back: "x:\(id)"), step: "dedup", state: state)
        case "xr": try await turn.ask(prompt("postbacks.bot.ask_rate", back: "x:\(id)"), step: "rate", state: state)
        case "xm": try await askMapping(id)
        case "tt" where choice.isEmpty: try await showTexts(id)
        case "tt": try await askText(id, choice)
        case "po" where choice.isEmpty: try await showPolicies(id)
        case "po": try await askPolicy(id, choice)
        case "pc": try await setPolicy(id, choice)
        case "y": try await saveProposal(choice)
        default: return false
        }
        return true
    }

    /// - Returns: false when the step is none of these.
    func answerSetting(_ text: String, step: String, id: Int64) async throws -> Bool {
        switch step {
        case "rename": try await editSetting(id, ["name": .string(text)])
        case "topic": try await editSetting(id, ["topic_id": Self.orNothing(text)])
        case "dedup": try await propose(.profile, id, ["dedup_ttl_sec": .string(text)])
        case "rate": try await editSetting(id, ["rate_limit_rps": .string(text)])
        case "mapping":
            guard let (word, status) = Self.mapping(text) else {
                throw FieldProblem(word: Word("postbacks.bot.bad_mapping"))
            }
            try await propose(.mapping, id, ["word": .string(word), "status": .string(status)])
        case "text":
            let status = turn.state["status"] ?? ""
            try await propose(.text, id, ["status": status, "text": .string(text == "-" ? "" : text)])
        case "try": try await turn.say(BotScreen(self.text("postbacks.bot.press_save")))
        default: return false
        }
        return true
    }

    /// A dash takes away what was there.
    static func orNothing(_ text: String) -> JSON { text.trimmingSpaces() == "-" ? .null : .string(text) }

    /// `qualified = registration`; a dash as the status forgets the word, and is blank here.
    static func mapping(_ text: String) -> (word: String, status: String)? {
        let parts = text.split(separator: "=", maxSplits: 1).map { String($0.trimmingSpaces()).lowercased() }
        guard parts.count == 2, !parts[0].isEmpty, !parts[1].isEmpty else { return nil }
        return (parts[0], parts[1] == "-" ? "" : parts[1])
    }

    func showSettings(_ id: Int64) async throws {
        guard let listed = try await store.profile(id, for: member.reader) else { return try await gone() }
        let profile = listed.profile
        var buttons: [[BotButton]] = [
            [
                .press("✏️ \(words("postbacks.profiles.name"))", "xn:\(id)"),
                .press("🧵 \(words("postbacks.profiles.topic"))", "xt:\(id)"),
            ],
            [
                .press("♻️ \(words("postbacks.profile.dedup"))", "xd:\(id)"),
                .press("🚦 \(words("postbacks.bot.rate"))", "xr:\(id)"),
            ],
            [
                .press("🔤 \(words("postbacks.profile.mappings"))", "xm:\(id)"),
                .press("📝 \(words("postbacks.profile.templates"))", "tt:\(id)"),
            ],
            [.press("🔁 \(words("postbacks.bot.policies"))", "po:\(id)")],
        ]
        // Keitaro keys are typed there, never into a chat.
        if let base { buttons.append([.url("🌐 \(words("postbacks.bot.web"))", "\(base)/postbacks/profiles/\(id)/")]) }
        buttons.append([.press("⬅️ \(words("postbacks.bot.back"))", "p:\(id)")])
        let lines = [
            "⚙️ <b>\(TelegramHTML.escape(profile.name))</b>",
            "\(text("postbacks.profiles.topic")): \(profile.topicID.map { String($0) } ?? NumberFormat.missing)",
            "\(text("postbacks.profile.dedup")): \(profile.dedupSeconds)",
            "\(text("postbacks.profile.rate")): \(profile.rateLimitRPS)",
            "\(text("postbacks.profile.mappings")): "
                + TelegramHTML.escape(
                    profile.statusMappings.isEmpty
                        ? NumberFormat.missing
                        : profile.statusMappings.sorted { $0.key < $1.key }.prefix(20)
                            .map { "\($0.key) = \($0.value.name)" }.joined(separator: ", ")),
            "", text("postbacks.bot.web_text"),
        ]
        try await turn.show(BotScreen(lines.joined(separator: "\n"), buttons: buttons))
    }

    func editSetting(_ id: Int64, _ settings: JSON) async throws {
        let edited = try await store.edit(profile: id, by: editor) { try ProfileInput.apply(settings, to: &$0) }
        guard edited != nil else { return try await gone() }
        try await showSettings(id)
    }

    private func askMapping(_ id: Int64) async throws {
        guard let listed = try await store.profile(id, for: member.reader) else { return try await gone() }
        let known = listed.profile.statusMappings.sorted { $0.key < $1.key }.prefix(40)
            .map { "\($0.key) = \($0.value.name)" }.joined(separator: "\n")
        var html = "🔤 <b>\(text("postbacks.profile.mappings"))</b>\n" + text("postbacks.profile.mappings_text")
        if !known.isEmpty { html += "\n<pre>\(TelegramHTML.escape(known))</pre>" }
        html += "\n\n" + text("postbacks.bot.ask_mapping")
        try await turn.ask(
            BotScreen(html, buttons: [[.press("⬅️ \(words("postbacks.bot.back"))", "x:\(id)")]]), step: "mapping",
            state: ["id": .integer(id)])
    }

    // MARK: Texts

    private func showTexts(_ id: Int64) async throws {
        guard let listed = try await store.profile(id, for: member.reader) else { return try await gone() }
        var buttons: [[BotButton]] = ProfileInput.statuses.map { status in
            let mark = listed.profile.templates[status] == nil ? "" : "✏️ "
            return [.press(mark + PostbackPages.statusWord(status, words), "tt:\(id):\(status)")]
        }
        buttons.append([.press("⬅️ \(words("postbacks.bot.back"))", "x:\(id)")])
        try await turn.show(
            BotScreen(
                "📝 <b>\(text("postbacks.profile.templates"))</b>\n" + text("postbacks.profile.templates_text"),
                buttons: buttons))
    }

    private func askText(_ id: Int64, _ status: String) async throws {
        guard ProfileInput.statuses.contains(status), let listed = try await store.profile(id, for: member.reader)
        else { return try await gone() }
        let usual = MessageWords(Language(rawValue: listed.profile.language) ?? .ru)
            .template(for: PostbackStatus(name: status))
        let names = PostbackPages.placeholders.joined(separator: " ")
        let html =
            "📝 <b>\(text("postbacks.profile.template_for")) \(TelegramHTML.escape(PostbackPages.statusWord(status, words)))</b>\n"
            + "<pre>\(TelegramHTML.escape(listed.profile.templates[status] ?? usual))</pre>\n"
            + "\(text("postbacks.profile.placeholders")): <code>\(TelegramHTML.escape(names))</code>\n\n"
            + text("postbacks.bot.ask_text")
        try await turn.ask(
            BotScreen(html, buttons: [[.press("⬅️ \(words("postbacks.bot.back"))", "tt:\(id)")]]), step: "text",
            state: ["id": .integer(id), "status": .string(status)])
    }

    // MARK: Policies

    private func showPolicies(_ id: Int64) async throws {
        guard let listed = try await store.profile(id, for: member.reader) else { return try await gone() }
        var buttons: [[BotButton]] = ProfileInput.statuses.map { status in
            let chosen = listed.profile.policy(for: PostbackStatus(name: status))
            let name = PostbackPages.statusWord(status, words)
            return [.press("\(name): \(words("postbacks.policy.\(chosen.rawValue)"))", "po:\(id):\(status)")]
        }
        buttons.append([.press("⬅️ \(words("postbacks.bot.back"))", "x:\(id)")])
        try await turn.show(BotScreen("🔁 \(text("postbacks.profile.policies"))", buttons: buttons))
    }

    private func askPolicy(_ id: Int64, _ status: String) async throws {
        guard ProfileInput.statuses.contains(status), let listed = try await store.profile(id, for: member.reader)
        else { return try await gone() }
        let chosen = listed.profile.policy(for: PostbackStatus(name: status))
        var buttons: [[BotButton]] = ConversionPolicy.allCases.map { policy in
            let name = words("postbacks.policy.\(policy.rawValue)")
            return [.press((policy == chosen ? "✅ " : "") + name, "pc:\(id):\(status).\(policy.rawValue)")]
        }
        buttons.append([.press("⬅️ \(words("postbacks.bot.back"))", "po:\(id)")])
        try await turn.show(
            BotScreen("🔁 \(TelegramHTML.escape(PostbackPages.statusWord(status, words)))", buttons: buttons))
    }

    private func setPolicy(_ id: Int64, _ choice: String) async throws {
        let parts = choice.split(separator: ".").map(String.init)
        guard parts.count == 2, ProfileInput.statuses.contains(parts[0]),
            let policy = ConversionPolicy(rawValue: parts[1])
        else { return try await gone() }
        let edited = try await store.edit(profile: id, by: editor) { $0.policies[parts[0]] = policy }
        guard edited != nil else { return try await gone() }
        try await showPolicies(id)
    }
}

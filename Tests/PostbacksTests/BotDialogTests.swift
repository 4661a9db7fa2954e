import Audit
import Base
import Postgres
import Sandbox
import TestDesk
import Testing
import Views

@testable import BotRuntime
@testable import Postbacks

/// "💚 Keitaro notifications" from end to end, on a phone of the simulated Telegram.
@Suite(.timeLimit(.minutes(10))) struct BotDialogTests {
    private func profile(_ phone: BotPhone) async throws -> PostbackProfile {
        try #require(try await phone.store.profiles(for: .everything).first?.profile)
    }

    /// Until the profile is so.
    private func becomes(_ phone: BotPhone, _ condition: @escaping (PostbackProfile) -> Bool) async throws {
        let isSo = try await eventually(phone.desk.loop, within: .seconds(60)) {
            guard let profile = try await phone.store.profiles(for: .everything).first?.profile else { return false }
            return condition(profile)
        }
        let now = try await phone.store.profiles(for: .everything).first?.profile
        #expect(isSo, "\(String(describing: now))")
    }

    /// A linked buyer with a profile that tells their own chat.
    private func begin(_ phone: BotPhone) async throws -> PostbackProfile {
        _ = try await phone.link(BotPhone.owner, name: "Olena")
        await phone.say("/menu")
        try await phone.press("kn:")
        try await phone.press("kn:n")
        try await phone.seesWord("postbacks.bot.ask_name")
        await phone.say("Команда <б>")
        try await phone.seesWord("postbacks.bot.which_chat")
        let id = try await profile(phone).id
        try await phone.press("kn:cs:\(id):here")
        try await becomes(phone) { $0.chatID == BotPhone.owner }
        return try await profile(phone)
    }

    @Test func `from the link to a new secret, all in the bot`() async throws {
        try await withBotPhone { phone in
            let user: Int64 = try await phone.desk.database.one(
                "INSERT INTO users (name, role) VALUES ('Olena', 'buyer') RETURNING id"
            ).get("id")
            await phone.say("/start \(try await phone.people.makeCode(for: user, by: .commandLine).word)")
            try await phone.seesWord("bot.linked")
            try await phone.press("kn:")
            try await phone.press("kn:n")
            await phone.say("Команда <б>")
            try await phone.seesWord("postbacks.bot.which_chat")
            let id = try await profile(phone).id
            #expect(try await profile(phone).userID == user)
            try await phone.press("kn:cs:\(id):here")
            try await becomes(phone) { $0.chatID == BotPhone.owner }

            // The URL, and a test that arrives.
            try await phone.press("kn:u:\(id)")
            let first = try await phone.store.secret(ofProfile: id, for: .everything)?.reveal() ?? ""
            try await phone.sees("https://desk.example/integrations/keitaro/postback?secret=\(first)&status={status}")
            try await phone.press("kn:p:\(id)")
            try await phone.press("kn:t:\(id)")
            try await phone.press("kn:t:\(id):deposit")
            try await phone.sees("🧪 ")
            let sent = try await eventually(phone.desk.loop, within: .seconds(60)) {
                await phone.texts().contains {
                    $0.contains("Депозит") && $0.contains("🧪") && $0.contains("100 USD") && $0.contains("cr_123")
                }
            }
            #expect(sent)

            // A route, tried before it is saved.
            for number in 0..<3 {
                try await PostbackScene.event(phone.desk.database, profile: id, click: "c\(number)")
            }
            try await phone.press("kn:p:\(id)")
            try await phone.press("kn:r:\(id)")
            try await phone.press("kn:a:\(id)")
            await phone.say("tiktok")
            try await phone.seesWord("postbacks.bot.tried")
            #expect(try await profile(phone).routes.isEmpty)
            try await phone.press(beginning: "kn:y:\(id):")
            try await phone.sees("tiktok")
            let saved = try await eventually(phone.desk.loop, within: .seconds(60)) {
                try await phone.store.profile(id, for: .everything)?.profile.routes.count == 1
            }
            #expect(saved)
            let route = try #require(try await phone.store.profile(id, for: .everything)?.profile.routes.first)
            #expect(route.match == .source("tiktok") && route.chatID == BotPhone.owner)

            // Paused and on again; then a new secret, the old one for an hour.
            try await phone.press("kn:r:\(id)")
            try await phone.press("kn:p:\(id)")
            try await phone.press("kn:e:\(id):0")
            try await becomes(phone) { !$0.isEnabled }
            try await phone.press("kn:e:\(id):1")
            try await becomes(phone) { $0.isEnabled }
            try await phone.press("kn:s:\(id)")
            try await phone.press("kn:s:\(id):1")
            let changed = try await eventually(phone.desk.loop, within: .seconds(60)) {
                try await phone.store.secret(ofProfile: id, for: .everything)?.reveal() != first
            }
            #expect(changed)
            let second = try await phone.store.secret(ofProfile: id, for: .everything)?.reveal() ?? ""
            try await phone.sees("secret=\(second)&")
            let grace = try await phone.desk.database.one(
                "SELECT old_secret_until BETWEEN now() + interval '59 minutes' AND now() + interval '1 hour' AS is_right FROM keitaro_profiles"
            )
            #expect(try grace.get("is_right", Bool.self))
        }
    }

    @Test func `routes are ticked, named, tried and dropped`() async throws {
        try await withBotPhone { phone in
            let id = try await begin(phone).id
            for number in 0..<4 {
                try await PostbackScene.event(
                    phone.desk.database, profile: id, click: "c\(number)", country: number == 0 ? "KZ" : "UA")
            }
            try await phone.press("kn:r:\(id)")
            try await phone.press("kn:a:\(id)")
            await phone.say("-")
            try await phone.press(beginning: "kn:y:\(id):")
            let made = try await eventually(phone.desk.loop, within: .seconds(60)) {
                try await phone.store.profile(id, for: .everything)?.profile.routes.count == 1
            }
            #expect(made)
            let route = try #require(try await profile(phone).routes.first).id
            try await phone.press("kn:os:\(route)")
            try await phone.press("kn:ot:\(route):rejected")
            try await phone.press("kn:oz:\(route)")
            // Four deposits go to the profile's chat then, so nothing is lost; the sentence says so.
            try await phone.seesWord("postbacks.bot.tried")
            #expect(try await profile(phone).routes.first?.statuses == [])
            try await phone.press(beginning: "kn:y:\(route):")
            try await becomes(phone) { $0.routes.first?.statuses == ["rejected"] }

            // What is cancelled is not saved, and an old Save saves nothing later.
            try await phone.press("kn:op:\(route)")
            await phone.say("5")
            try await phone.seesWord("postbacks.bot.tried")
            try await phone.press("kn:o:\(route)")
            try await phone.press("kn:oh:\(route)")
            await phone.say("12")
            try await becomes(phone) { $0.routes.first?.topicID == 12 }
            #expect(try await profile(phone).routes.first?.priority == 10)
            try await phone.press("kn:or:\(route)")
            await phone.say("Відмови")
            try await becomes(phone) { $0.routes.first?.name == "Відмови" }
            try await phone.press("kn:od:\(route)")
            try await phone.press("kn:od:\(route):1")
            try await becomes(phone) { $0.routes.isEmpty }
        }
    }

    @Test func `a profile's settings are the page's`() async throws {
        try await withBotPhone { phone in
            let id = try await begin(phone).id
            for number in 0..<2 {
                try await PostbackScene.event(phone.desk.database, profile: id, transaction: "t\(number)")
            }
            try await phone.press("kn:x:\(id)")
            try await phone.press("kn:xn:\(id)")
            await phone.say("Nutra")
            try await becomes(phone) { $0.name == "Nutra" }
            try await phone.press("kn:xt:\(id)")
            await phone.say("44")
            try await becomes(phone) { $0.topicID == 44 }
            try await phone.press("kn:xr:\(id)")
            await phone.say("1001")
            try await phone.sees(BotPhone.words(.uk)("postbacks.refused.number", ["least": 1, "most": 1_000]))
            await phone.say("5")
            try await becomes(phone) { $0.rateLimitRPS == 5 }
            try await phone.press("kn:xd:\(id)")
            await phone.say("60")
            try await phone.press(beginning: "kn:y:\(id):")
            try await becomes(phone) { $0.dedupSeconds == 60 }
            try await phone.press("kn:xm:\(id)")
            await phone.say("nonsense")
            try await phone.seesWord("postbacks.bot.bad_mapping")
            await phone.say("Sale = rejected")
            try await phone.press(beginning: "kn:y:\(id):")
            try await becomes(phone) { $0.statusMappings == ["sale": .rejected] }
            try await phone.press("kn:xm:\(id)")
            await phone.say("sale = -")
            try await phone.press(beginning: "kn:y:\(id):")
            try await becomes(phone) { $0.statusMappings.isEmpty }
            try await phone.press("kn:tt:\(id)")
            try await phone.press("kn:tt:\(id):deposit")
            await phone.say("{no_such_field}")
            try await phone.sees("no_such_field")
            await phone.say("<b>Є депозит</b> {campaign_name}")
            try await phone.sees("Є депозит")
            #expect(try await profile(phone).templates.isEmpty)
            try await phone.press(beginning: "kn:y:\(id):")
            try await becomes(phone) { $0.templates == ["deposit": "<b>Є депозит</b> {campaign_name}"] }
            try await phone.press("kn:po:\(id)")
            try await phone.press("kn:po:\(id):registration")
            try await phone.press("kn:pc:\(id):registration.ignore_same_event")
            try await becomes(phone) { $0.policies == ["registration": .ignoreSameEvent] }
        }
    }

    @Test func `a secret is never shown to a group, nor to anybody else`() async throws {
        try await withBotPhone { phone in
            let id = try await begin(phone).id
            let secret = try await phone.store.secret(ofProfile: id, for: .everything)?.reveal() ?? ""
            await phone.say("/menu", in: BotPhone.group)
            try await phone.press("kn:", in: BotPhone.group)
            try await phone.press("kn:p:\(id)", in: BotPhone.group)
            try await phone.press("kn:u:\(id)", in: BotPhone.group)
            try await phone.sees("secret=\(secret)&")
            try await phone.seesWord("postbacks.bot.url_sent", in: BotPhone.group)
            // Nothing can be sent to who has blocked the bot: a link leads to them.
            await phone.sandbox.setState(.blocked, of: BotPhone.owner)
            try await phone.press("kn:p:\(id)", in: BotPhone.group)
            try await phone.press("kn:s:\(id)", in: BotPhone.group)
            try await phone.press("kn:s:\(id):0", in: BotPhone.group)
            try await phone.seesWord("postbacks.bot.url_private", in: BotPhone.group)
            let keyboard = await phone.sandbox.chat(BotPhone.group)?.messages.last?.keyboard
            let link = keyboard?["inline_keyboard"]?[0]?[0]?["url"]?.stringValue
            #expect(link == "https://t.me/desk_bot?start=kn-u\(id)")
            let next = try await phone.store.secret(ofProfile: id, for: .everything)?.reveal() ?? ""
            #expect(next != secret)
            let told = await phone.texts(in: BotPhone.group)
            #expect(!told.contains { $0.contains(secret) || $0.contains(next) || $0.contains("secret=") })
            // Start unblocks the bot, and shows it to its owner.
            await phone.say("/start kn-u\(id)")
            try await phone.sees("secret=\(next)&")

            // Strangers and other buyers press the same buttons.
            try await phone.press("kn:p:\(id)", in: BotPhone.group)
            try await phone.sees("Команда", in: BotPhone.group)
            await phone.sandbox.handPhone(to: 666, name: "Mallory")
            try await phone.press("kn:s:\(id)", in: BotPhone.group)
            try await phone.seesToast("bot.not_allowed", in: BotPhone.group)
            _ = try await phone.link(667, name: "Petro")
            try await phone.press("kn:e:\(id):0", in: BotPhone.group)
            try await phone.seesWord("postbacks.bot.gone", in: BotPhone.group)
            #expect(try await profile(phone).isEnabled)
            await phone.sandbox.add(SimulatedChat(667, "Petro", kind: "private"))
            await phone.say("/start kn-u\(id)", in: 667)
            try await phone.seesWord("postbacks.bot.gone", in: 667)
            await phone.say("/start kn-d\(id)", in: 667)
            try await phone.seesWord("postbacks.bot.none", in: 667)
        }
    }

    @Test func `without PUBLIC_URL there is no URL to copy`() async throws {
        try await withBotPhone(base: nil) { phone in
            let id = try await begin(phone).id
            try await phone.press("kn:u:\(id)")
            let said = try #require(try await phone.sees(BotPhone.words(.uk)("postbacks.bot.no_public_url")))
            #expect(said.text.plain.contains("PUBLIC_URL"))
            let texts = await phone.texts()
            #expect(!texts.contains { $0.contains("secret=") })
        }
    }

    @Test func `a buyer chooses the chats in which they were seen, and no others`() async throws {
        try await withBotPhone { phone in
            let id = try await begin(phone).id
            let others: [Int64] = [-1_001, 55]
            for chat in others {
                try await phone.desk.database.execute(
                    "INSERT INTO telegram_chats (chat_id, title, kind) VALUES (\(chat), 'Theirs', \(chat < 0 ? "group" : "private"))"
                )
            }
            try await phone.press("kn:c:\(id)")
            try await phone.press("kn:cs:\(id):ask")
            for chat in others + [77] {
                await phone.say("\(chat)")
                try await phone.seesWord("postbacks.refused.others_chat")
                #expect(try await profile(phone).chatID == BotPhone.owner)
            }
            // Who presses a button there, is there.
            await phone.say("/menu", in: BotPhone.group)
            try await phone.press("kn:", in: BotPhone.group)
            try await phone.press("kn:p:\(id)", in: BotPhone.group)
            try await phone.press("kn:c:\(id)", in: BotPhone.group)
            try await phone.sees(BotPhone.words(.uk)("postbacks.bot.which_chat"), in: BotPhone.group)
            let shown = await phone.sandbox.chat(BotPhone.group)?.messages.last?.buttons.map(\.data) ?? []
            #expect(shown.contains("kn:cs:\(id):\(BotPhone.group)"))
            try await phone.press("kn:cs:\(id):\(BotPhone.group)", in: BotPhone.group)
            try await becomes(phone) { $0.chatID == BotPhone.group }
            // A group does not learn of other chats.
            _ = try await phone.desk.database.execute("UPDATE users SET role = 'admin'")
            try await phone.press("kn:c:\(id)", in: BotPhone.group)
            let isShown = try await eventually(phone.desk.loop, within: .seconds(60)) {
                await phone.sandbox.chat(BotPhone.group)?.messages.last?.buttons.contains {
                    $0.data == "kn:cs:\(id):here"
                } ?? false
            }
            let all = await phone.sandbox.chat(BotPhone.group)?.messages.last?.buttons.map(\.data) ?? []
            #expect(isShown && !all.contains("kn:cs:\(id):-1001") && !all.contains("kn:cs:\(id):55"))
            let texts = await phone.texts(in: BotPhone.group)
            #expect(!texts.contains { $0.contains("Theirs") })
        }
    }
}

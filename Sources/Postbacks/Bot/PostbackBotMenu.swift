import Audit
import Base
import BotRuntime
import Frame
import Postgres
import Telegram
import Views

/// "💚 Keitaro notifications" in the bot: the same profiles and routes as on the pages, with the same rights.
///
/// Buttons say what they are for in a few letters and numbers, such as `p:12` or `e:12:0`: Telegram gives them 64 bytes. Whoever
/// presses one is looked up anew, and so is what it names.
package struct PostbackBotMenu: BotMenu {
    package let name = "kn"

    let store: PostbackDeskStore
    /// The desk's address as Keitaro reaches it; nil: nobody has said, so there are no URLs.
    let base: String?
    let intake: PostbackIntake

    package init(database: Database, vault: PostbackVault, base: String?, intake: PostbackIntake) {
        store = PostbackDeskStore(database: database, vault: vault)
        self.base = base
        self.intake = intake
    }

    package func title(for turn: BotTurn) -> String? {
        turn.person.userID != nil || turn.person.isAdministrator ? turn.words("postbacks.bot.menu") : nil
    }

    package func open(_ turn: BotTurn) async throws {
        guard let visit = try await visit(turn) else { return try await refuse(turn) }
        try await turn.show(try await visit.list())
    }

    package func pressed(_ button: String, _ turn: BotTurn) async throws {
        guard let visit = try await visit(turn) else { return try await refuse(turn) }
        let parts = button.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
        let id = parts.count > 1 ? Int64(parts[1]) ?? 0 : 0
        let choice = parts.count > 2 ? parts[2] : ""
        if try await visit.show(parts[0], id, choice) { return }
        guard visit.mayWrite else { return try await turn.toast(turn.words("postbacks.bot.reads_only"), isAlert: true) }
        do {
            if try await visit.changeSettings(parts[0], id, choice) { return }
            if try await visit.changeProfile(parts[0], id, choice, intake) { return }
            try await visit.changeRoute(parts[0], id, choice)
        } catch let problem as Problem {
            try await turn.toast(turn.words(problem.detail), isAlert: true)
        }
    }

    package func arrived(at place: String, _ turn: BotTurn) async throws {
        guard let visit = try await visit(turn) else { return try await refuse(turn) }
        guard place.hasPrefix("u"), let id = Int64(place.dropFirst()) else { return try await open(turn) }
        try await visit.showURL(id)
    }

    package func said(_ text: String, step: String, _ turn: BotTurn) async throws {
        guard let visit = try await visit(turn), visit.mayWrite else { return try await refuse(turn) }
        do {
            try await visit.answer(text, step: step, id: turn.state["id"]?.intValue ?? 0)
        } catch let problem as FieldProblem {
            // The dialog goes on: the next text is the next try.
            try await turn.say(BotScreen("⚠️ " + TelegramHTML.escape(turn.words(problem.word))))
        }
    }

    private func refuse(_ turn: BotTurn) async throws {
        try await turn.show(BotScreen(TelegramHTML.escape(turn.words("postbacks.bot.stranger")), buttons: []))
    }

    /// Nil for strangers, and for roles that have nothing to do here.
    private func visit(_ turn: BotTurn) async throws -> BotVisit? {
        guard let member = try await store.member(turn.person) else { return nil }
        return BotVisit(store: store, base: base, turn: turn, member: member)
    }
}

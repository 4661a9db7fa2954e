import Accounts
import Base
import Fetch
import Postgres
import Telegram
import TestDesk
import Testing
import Views

/// What the pages of the desk say before anything is there, and about what isn't, in each language.
@Suite(.timeLimit(.minutes(10))) struct EmptyPageTests {
    private static let pages: [(path: String, word: String)] = [
        ("/postbacks/", "postbacks.log.empty_title"), ("/postbacks/?q=nothing", "postbacks.log.nothing"),
        ("/postbacks/profiles/", "postbacks.profiles.empty_title"),
        ("/postbacks/routes/", "postbacks.profiles.empty_title"), ("/postbacks/raw/", "postbacks.raw.none"),
        ("/postbacks/raw/?q=nothing", "postbacks.raw.empty"), ("/postbacks/charts/", "postbacks.charts.note"),
        ("/postbacks/reconciliation/", "reconciliation.empty_title"),
    ]

    @Test(arguments: [Language.en, .uk, .ru])
    func `an empty desk says what is missing`(language: Language) async throws {
        let words = BotPhone.words(language)
        try await withDesk { desk in
            let browser = try await desk.browser()
            let answer = try await browser.accepting("application/json").post(
                "/users/settings/", ["language": .string(language.rawValue)])
            #expect(answer.status == 200)
            for (path, word) in Self.pages {
                let page = try await browser.get(path)
                #expect(page.status == 200, "\(path)")
                #expect(page.text.contains(TelegramHTML.escape(words(word))), "\(path): \(word)")
                #expect(!page.text.contains("{{") && !page.text.contains(">postbacks."), "\(path)")
            }
            for path in ["/postbacks/profiles/99/", "/postbacks/events/none/", "/postbacks/profiles/99/installation/"] {
                let page = try await browser.get(path)
                #expect(page.status == 404 && page.text.contains("<html lang=\"\(language.rawValue)\""), "\(path)")
            }
            let script = browser.accepting("application/json")
            let refused = try await script.post("/postbacks/profiles/", ["name": ""])
            #expect(refused.status == 422 && refused.text.contains(words("postbacks.refused.length", ["most": 80])))
        }
    }

    @Test func `who only reads is told who makes the first profile`() async throws {
        try await withDesk { desk in
            let reader = try await desk.browser()
            try await desk.database.execute("UPDATE users SET role = 'analyst'")
            for path in ["/postbacks/profiles/", "/postbacks/routes/"] {
                let page = try await reader.get(path)
                #expect(page.text.contains(BotPhone.words(.en)("postbacks.profiles.empty_reader")), "\(path)")
                #expect(!page.text.contains("data-opens=\"new-profile\""))
            }
        }
    }
}

import Base
import Fetch
import Glibc
import Testing

/// A person's walk through the flow editor, in a real browser against the real program.
@Suite(.serialized)
final class FlowEditorBrowserTests {
    /// Started once: a browser, a desk, a tracker.
    private static let browser = Result { try Browser() }
    private static let desk = Result { try ServedDesk() }

    private let browser: Browser
    private let desk: ServedDesk
    private let page: Page

    init() throws {
        browser = try Self.browser.get()
        desk = try Self.desk.get()
        browser.clearComplaints()
        page = try Page(browser)
    }

    /// A flow's card with several active offers and a total of 100, of a campaign that is opened and fetched.
    private struct Card {
        let selector: String
        let stream: String
        let rows: [String]
    }

    private func logIn() throws {
        try page.open("\(desk.url)/users/login/")
        try page.click("#api-key")
        try page.type(ServedDesk.key)
        try page.press("Enter")
        try page.wait("location.pathname === '/campaigns/' && document.readyState === 'complete'")
    }

    private func sync() throws {
        guard try page.evaluate("document.querySelectorAll('tr.row').length").intValue == 0 else { return }
        try page.click("#sync-campaigns")
        try page.wait("document.querySelectorAll('tr.row').length > 250")
    }

    /// Opens the `number`th campaign that has such a flow, fetching on the way.
    private func openCard(_ number: Int) throws -> Card {
        let links =
            try page.evaluate("[...document.querySelectorAll('tr.row a')].map((link) => link.href)").arrayValue ?? []
        var found = 0
        for link in links {
            try page.open(link.stringValue ?? "")
            try page.click("#fetch-streams")
            try page.wait("document.querySelector('.flow') && document.querySelector('.toast')")
            let card = try page.evaluate(
                """
                (() => {
                  const card = [...document.querySelectorAll('.flow')].find((flow) => flow.querySelectorAll('.share-input').length >= 3
                    && !('totalWrong' in flow.dataset) && !flow.classList.contains('is-draft'));
                  return card && [card.id, card.dataset.stream, ...[...card.querySelectorAll('tr.offer')].filter((row) => row.querySelector('.share-input')).map((row) => row.dataset.row)];
                })()
                """)
            guard let id = card[0]?.stringValue, let stream = card[1]?.stringValue else { continue }
            found += 1
            if found == number {
                let rows = (card.arrayValue ?? []).dropFirst(2).compactMap(\.stringValue)
                return Card(selector: "#\(id)", stream: stream, rows: rows)
            }
        }
        throw Browser.Failure(description: "no campaign has a flow with three offers")
    }

    private func setShare(_ row: String, to share: Int) throws {
        try page.click("tr[data-row=\"\(row)\"] .share-input")
        try page.type(String(share))
        try page.press("Enter")
        try page.wait("document.querySelector('tr[data-row=\"\(row)\"] .share-input').defaultValue === '\(share)'")
    }

    private func sharesShown(_ card: Card) throws -> [String: Int64] {
        let shown = try page.evaluate(
            """
            Object.fromEntries([...document.querySelectorAll('\(card.selector) tr.offer')].filter((row) => row.querySelector('.share-input'))
              .map((row) => [row.querySelector('.col-id').innerText.trim(), Number(row.querySelector('.share-input').value)]))
            """)
        var shares: [String: Int64] = [:]
        for member in shown.objectValue ?? [:] { shares[member.key] = member.value.lenientInt }
        return shares
    }

    private func noComplaints() {
        #expect(browser.complaints.isEmpty)
    }

    // MARK: Tests

    @Test func `a wrong key is refused in a sentence`() throws {
        try page.open("\(desk.url)/users/login/?lang=uk")
        try page.click("#api-key")
        try page.type("not-the-key")
        try page.press("Enter")
        try page.wait("document.querySelector('#login-error')")
        #expect(try page.text("#login-error").contains("Keitaro не приймає цей ключ"))
        noComplaints()
    }

    @Test func `from login to a pushed share and back`() async throws {
        try logIn()
        try sync()
        try page.click("input[name=q]")
        try page.type("TikTok")
        try page.wait(
            "[...document.querySelectorAll('tr.row a')].every((link) => link.innerText.includes('TikTok')) && document.querySelectorAll('tr.row').length > 5"
        )
        try page.open("\(desk.url)/campaigns/")
        let card = try openCard(1)

        try page.click("\(card.selector) .add-offer-input")
        try page.type("кр")
        try page.wait("document.querySelectorAll('\(card.selector) [role=option]').length > 1")
        let before = try sharesShown(card).count
        try page.press("ArrowDown")
        try page.press("Enter")
        try page.wait("document.querySelectorAll('\(card.selector) .share-input').length === \(before + 1)")
        #expect(try page.evaluate("document.querySelector('\(card.selector)').classList.contains('is-draft')") == true)

        try setShare(card.rows[0], to: 37)
        try page.click("tr[data-row=\"\(card.rows[0])\"] .pin")
        try page.wait(
            "document.querySelector('tr[data-row=\"\(card.rows[0])\"] .pin').getAttribute('aria-pressed') === 'true'")
        try setShare(card.rows[1], to: 20)
        let shown = try sharesShown(card)
        #expect(shown.values.reduce(0, +) == 100)
        #expect(shown.values.contains(37))

        try page.click("#push-draft")
        try page.wait("!document.querySelector('\(card.selector)').classList.contains('is-draft')")
        #expect(try page.text("#toasts").contains("Keitaro confirmed"))
        try page.call("Page.reload")
        try page.wait("document.querySelector('\(card.selector) .share-input')")
        #expect(try sharesShown(card) == shown)
        #expect(try page.text("\(card.selector) .flow-when").contains("pushed"))
        let held = try await desk.shares(ofStream: card.stream)
        for (offer, share) in shown { #expect(held[offer] == share) }

        try page.wait("[...document.querySelectorAll('#cards dd')].every((value) => value.innerText.trim() !== '')")
        try page.open("\(desk.url)/campaigns/pushes/")
        #expect(try page.text("details.push").contains("pushed"))
        noComplaints()
    }

    @Test func `a refused share changes nothing, and a dropped draft comes back`() throws {
        try logIn()
        try sync()
        let card = try openCard(2)
        let before = try sharesShown(card)
        try page.click("tr[data-row=\"\(card.rows[0])\"] .share-input")
        try page.type("100")
        try page.press("Enter")
        try page.wait("document.querySelector('\(card.selector)').innerText.includes('Nothing was changed')")
        try page.press("Escape")
        #expect(try sharesShown(card) == before)

        try setShare(card.rows[0], to: 41)
        let edited = try sharesShown(card)
        try page.click("#cancel-draft")
        try page.wait("!document.querySelector('\(card.selector)').classList.contains('is-draft')")
        #expect(try sharesShown(card) == before)
        try page.click("#toasts .toast .link-button")
        try page.wait("document.querySelector('\(card.selector)').classList.contains('is-draft')")
        #expect(try sharesShown(card) == edited)

        try page.click("tr[data-row=\"\(card.rows[1])\"] [data-action=remove]")
        try page.wait("document.querySelector('tr[data-row=\"\(card.rows[1])\"] [data-action=bring-back]')")
        try page.click("tr[data-row=\"\(card.rows[1])\"] [data-action=bring-back]")
        try page.wait("document.querySelector('tr[data-row=\"\(card.rows[1])\"] .share-input')")
        noComplaints()
    }

    @Test func `a change in Keitaro stops the push until a person has chosen`() async throws {
        try logIn()
        try sync()
        let card = try openCard(3)
        try setShare(card.rows[0], to: 44)
        let mine = try sharesShown(card)
        var theirs = try await desk.shares(ofStream: card.stream)
        let moved = theirs.keys.sorted()
        theirs[moved[0], default: 0] += 3
        theirs[moved[1], default: 0] -= 3
        let set = JSON.array(
            theirs.map { ["offer_id": .integer(Int64($0.key) ?? 0), "share": .integer($0.value), "state": "active"] })
        _ = try await desk.tracker(.put, "/admin_api/v1/streams/\(card.stream)", ["offers": set])

        try page.click("#push-draft")
        try page.wait("document.querySelector('#conflict-dialog').open")
        #expect(try page.text("#conflict-dialog").contains("Keitaro changed"))
        #expect(try await desk.shares(ofStream: card.stream) == theirs)
        try page.click("#conflict-dialog [data-use=mine]")
        try page.wait("!document.querySelector('#conflict-dialog').open")
        try page.click("#push-draft")
        try page.wait("!document.querySelector('\(card.selector)').classList.contains('is-draft')")
        let held = try await desk.shares(ofStream: card.stream)
        for (offer, share) in mine { #expect(held[offer] == share) }
        noComplaints()
    }

    @Test func `a firewall's refusal keeps the draft and says what to do`() async throws {
        try logIn()
        try sync()
        let card = try openCard(4)
        try setShare(card.rows[0], to: 46)
        let drafted = try sharesShown(card)
        _ = try await desk.tracker(.post, "/sandbox/faults", ["kind": "cloudflare", "method": "PUT"])
        try page.click("#push-draft")
        try page.wait("document.querySelector('\(card.selector) .flow-problem')")
        #expect(try page.text("\(card.selector) .flow-problem").contains("Cloudflare stopped the request"))
        try page.call("Page.reload")
        try page.wait("document.querySelector('\(card.selector) .flow-problem')")
        #expect(try sharesShown(card) == drafted)
        try page.click("\(card.selector) .flow-problem [data-action=push]")
        try page.wait("!document.querySelector('\(card.selector)').classList.contains('is-draft')")
        let held = try await desk.shares(ofStream: card.stream)
        for (offer, share) in drafted { #expect(held[offer] == share) }
        noComplaints()
    }

    @Test func `pages fit, in every language, light and dark, on desk and phone`() throws {
        try logIn()
        try sync()
        let card = try openCard(5)
        try setShare(card.rows[0], to: 39)
        let campaign = try page.evaluate("location.pathname").stringValue ?? ""
        let pages = [
            ("campaign", campaign), ("list", "/campaigns/"), ("pushes", "/campaigns/pushes/"),
            ("login", "/users/login/"),
        ]
        let keep = getenv("SLUICE_SCREENSHOTS").map { String(cString: $0) }
        for language in ["uk", "ru", "en"] {
            try page.evaluate(
                """
                fetch('/users/settings/', { method: 'POST', headers: { 'Content-Type': 'application/json', Accept: 'application/json',
                  'X-CSRF-Token': document.querySelector('meta[name=csrf-token]').content }, body: JSON.stringify({ language: '\(language)' }) })
                """)
            for (name, path) in pages {
                for (device, width, height, scale) in [("desk", 1440, 900, 1.0), ("phone", 390, 844, 2.0)] {
                    try page.resize(width: width, height: height, scale: scale, isPhone: device == "phone")
                    try page.open(desk.url + path)
                    try page.wait("document.fonts.status === 'loaded'")
                    let overflow =
                        try page.evaluate("document.scrollingElement.scrollWidth - innerWidth").intValue ?? 99
                    #expect(overflow <= 0, "\(name) on a \(device) in \(language) scrolls sideways by \(overflow)")
                    let text = try page.text("body")
                    #expect(
                        !text.contains("[") && !text.contains("{"),
                        "\(name) in \(language) shows a word's name or an unfilled place")
                    for isDark in [false, true] where language == "en" {
                        try page.setDark(isDark)
                        let picture = try page.screenshot()
                        #expect(picture.starts(with: [0x89, 0x50, 0x4E, 0x47]) && picture.count > 5000)
                        if let keep {
                            try FileSystem.makeDirectories(keep)
                            try FileSystem.write(
                                picture, to: "\(keep)/\(name)-\(device)-\(isDark ? "dark" : "light").png")
                        }
                    }
                    try page.setDark(false)
                }
            }
            try page.resize(width: 1440, height: 900)
            try page.open(desk.url + campaign)
        }
        noComplaints()
    }
}

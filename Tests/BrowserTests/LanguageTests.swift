import Base
import Testing

extension BrowserTests {
    @Suite struct LanguageTests {

        @Test(arguments: ["uk", "ru", "en"])
        func `every word is there in every language`(_ language: String) async throws {
            try await visit(language: language) { page, desk in
                try await page.open("\(desk.url)/users/login/")
                #expect(try await page.evaluate("document.documentElement.lang").stringValue == language)
                try await isWhole(page, "login")
                page.complaints.expect(status: 401)
                page.complaints.expect(status: 403)
                page.complaints.expect(status: 404)
                page.complaints.expect(status: 422)

                let flow = try await desk.tracker.takeFlow()
                try await page.logIn(desk)
                try await page.sync()
                try await isWhole(page, "list")
                let link = try await page.wait("document.querySelector('tr.row[data-id=\"\(flow.campaign)\"] a')?.href")
                try await page.open(link.stringValue ?? "")
                try await isWhole(page, "campaign before its flows")
                try await page.click("#fetch-streams")
                try await page.wait("document.querySelector('\(flow.card)') && document.querySelector('.toast')")
                try await page.setShare(of: flow.offers[0], in: flow, to: 40)
                try await page.click("\(flow.row(flow.offers[1])) .remove")
                try await page.wait("document.querySelector('\(flow.row(flow.offers[1])).is-removed')")
                try await isWhole(page, "campaign with a draft")
                try await page.click(flow.share(flow.offers[0]))
                try await page.type("100")
                try await page.press("Enter")
                try await page.wait("document.querySelector('\(flow.card) .row-refusal')")
                try await isWhole(page, "refusal")
                try await page.press("Escape")
                try await page.click("#check-sync")
                try await page.wait("document.querySelector('#sync-dialog').open")
                try await isWhole(page, "check of sync")
                try await page.press("Escape")
                try await page.click("#push-draft")
                try await page.waitForDraft(flow, false)
                try await isWhole(page, "campaign after the push")
                try await page.click("[data-opens=account-dialog]")
                try await isWhole(page, "account")
                try await page.press("Escape")
                try await page.click("[data-opens=keys-dialog]")
                try await isWhole(page, "keys")
                for path in ["/campaigns/pushes/", "/campaigns/?q=ббб", "/nowhere/", "/users/logout/"] {
                    try await page.open(desk.url + path)
                    try await page.evaluate(
                        "document.querySelectorAll('details').forEach((one) => { one.open = true; })")
                    try await isWhole(page, path)
                }
            }
        }

        @Test func `the login page changes its language, and the account keeps one`() async throws {
            try await visit { page, desk in
                try await page.open("\(desk.url)/users/login/")
                try await page.click(".login-foot a[hreflang=uk]")
                try await page.wait("document.documentElement.lang === 'uk' && document.readyState === 'complete'")
                try await page.logIn(desk, key: ServedDesk.restrictedKey)
                #expect(try await page.evaluate("document.documentElement.lang") == "uk")
                try await page.click("[data-opens=account-dialog]")
                try await page.click("#account-dialog label:has(input[value=en])")
                try await page.click("#account-form [type=submit].is-primary")
                try await page.wait("document.documentElement.lang === 'en' && document.readyState === 'complete'")
            }
        }

        @Test func `light and dark are chosen by the system until a person chooses`() async throws {
            try await visit { page, desk in
                let ground = "getComputedStyle(document.body).backgroundColor"
                try await page.open("\(desk.url)/users/login/")
                #expect(try await page.evaluate(ground) == "rgb(244, 246, 248)")
                try await page.click("#theme-toggle")
                try await page.wait("\(ground) === 'rgb(14, 17, 21)'")
                try await page.logIn(desk, key: ServedDesk.restrictedKey)
                #expect(try await page.evaluate(ground) == "rgb(14, 17, 21)")
                try await page.click("[data-opens=account-dialog]")
                try await page.click("#account-dialog label:has(input[value=auto])")
                try await page.click("#account-form [type=submit].is-primary")
                try await page.wait("\(ground) === 'rgb(244, 246, 248)' && document.readyState === 'complete'")
                try await page.setDark(true)
                try await page.wait("\(ground) === 'rgb(14, 17, 21)'")
            }
        }

        /// No name of a missing word, no unfilled place, in what can be read or is said aloud.
        private func isWhole(_ page: Page, _ name: String) async throws {
            let odd = try await page.evaluate(
                """
                (() => {
                  const said = [...document.querySelectorAll('[title], [aria-label], [placeholder]')]
                    .flatMap((one) => [one.title, one.ariaLabel, one.placeholder]).filter(Boolean);
                  return [document.title, document.body.innerText, ...said].filter((text) => /[{}]|\\[(?!\\n|\\]|$)/.test(text))
                    .map((text) => text.match(/.{0,40}[{}[].{0,40}/)?.[0] ?? text);
                })()
                """)
            #expect(odd.arrayValue?.isEmpty == true, "\(name): \(odd.text)")
        }
    }
}

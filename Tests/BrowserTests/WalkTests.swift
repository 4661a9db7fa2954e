import Base
import Testing

extension BrowserTests {
    /// What issue 1 calls done, step by step.
    @Suite struct WalkTests {
        @Test func `from a wrong key to shares that Keitaro holds`() async throws {
            try await visit { page, desk in
                let flow = try await desk.tracker.takeFlow()
                try await page.open("\(desk.url)/campaigns/")
                try await page.click("#api-key")
                try await page.type("not-the-key")
                page.complaints.expect(status: 422)
                page.complaints.expect(status: 401)
                page.complaints.expect(status: 403)
                try await page.press("Enter")
                try await page.wait("document.querySelector('#login-error')")
                #expect(try await page.text("#login-error").contains("Keitaro does not accept this key."))
                #expect(try await page.text("#login-error").contains("Settings → User settings → API key"))

                try await page.logIn(desk)
                try await page.sync()
                try await search(page, flow)
                try await page.click("tr.row[data-id=\"\(flow.campaign)\"] a")
                try await page.wait("document.querySelector('#campaign-page') && document.readyState === 'complete'")
                #expect(try await page.text("h1") == flow.campaignName)

                try await page.fetchStreams()
                #expect(try await page.shares(in: flow) == flow.shares)
                #expect(try await page.isDraft(flow) == false)
                let added = try await addOffer(page, flow)
                try await edit(page, flow, added)

                let drafted = try await page.shares(in: flow)
                #expect(drafted.values.reduce(0, +) == 100)
                #expect(drafted[flow.offers[0]] == 37 && drafted[flow.offers[1]] == 20 && drafted[added] != nil)
                #expect(
                    try await desk.tracker.shares(of: flow.stream) == flow.shares, "Nothing is sent before the push")

                try await page.click("#push-draft")
                try await page.waitForDraft(flow, false)
                try await page.waitForToast("pushed. Keitaro confirmed \(drafted.count) offers.")
                #expect(try await desk.tracker.shares(of: flow.stream) == drafted)
                #expect(try await page.text("\(flow.card) .flow-when").contains("pushed"))
                #expect(try await page.text("\(flow.card) .flow-when").contains("by "))

                try await page.reload()
                #expect(try await page.shares(in: flow) == drafted)
                #expect(try await page.isDraft(flow) == false)
                #expect(try await page.evaluate("document.querySelector('#draft-bar').hidden") == true)
                let pin = "document.querySelector('\(flow.row(flow.offers[0])) .pin').getAttribute('aria-pressed')"
                #expect(try await page.evaluate(pin) == "true", "A pin outlives the push")
            }
        }

        /// Narrows the list by words, by state and back.
        private func search(_ page: Page, _ flow: TakenFlow) async throws {
            let all = try await page.count("tr.row")
            try await page.click("input[name=q]")
            try await page.type("TikTok")
            try await page.wait(
                """
                document.querySelectorAll('tr.row').length > 5 && document.querySelectorAll('tr.row').length < \(all)
                  && [...document.querySelectorAll('tr.row a')].every((link) => link.innerText.includes('TikTok'))
                """)
            try await page.press("Escape")
            try await page.wait("document.querySelectorAll('tr.row').length === \(all)")

            try await page.click(".segment:has(input[value=archived])")
            try await page.wait("document.querySelectorAll('tr.row').length === 12")
            try await page.click(".segment:has(input[value=active])")
            try await page.wait("document.querySelectorAll('tr.row').length === 250")
            try await page.click(".segment:has(input[value=all])")
            try await page.wait("document.querySelectorAll('tr.row').length === \(all)")
            #expect(try await page.text("tfoot [data-slot=count]").contains("\(all)"))
        }

        /// Chooses an offer from the list that opens while typing.
        private func addOffer(_ page: Page, _ flow: TakenFlow) async throws -> Int64 {
            try await page.click("\(flow.card) .add-offer-input")
            try await page.type("кр")
            try await page.wait("document.querySelectorAll('\(flow.card) [role=option] mark').length > 1")
            try await page.press("ArrowDown")
            let chosen = try await page.text("\(flow.card) [role=option][aria-selected=true] span:nth-child(2)")
            let offer = try #require(Int64(chosen))
            #expect(!flow.offers.contains(offer))
            try await page.press("Enter")
            try await page.wait("document.querySelector('\(flow.share(offer))')")
            #expect(try await page.isDraft(flow))
            return offer
        }

        private func edit(_ page: Page, _ flow: TakenFlow, _ added: Int64) async throws {
            let (first, second) = (flow.offers[0], flow.offers[1])
            try await page.setShare(of: first, in: flow, to: 37)
            let was = try #require(flow.shares[first])
            let shown = try await page.text("\(flow.row(first)) .was")
            #expect(shown.contains("\(was)"), "The old value stands beside the new one")
            #expect(shown.contains(was < 37 ? "▲" : "▼"))
            try await page.click("\(flow.row(first)) .pin")
            try await page.wait(
                "document.querySelector('\(flow.row(first)) .pin').getAttribute('aria-pressed') === 'true'")
            try await page.setShare(of: second, in: flow, to: 20)
            #expect(try await page.text("#draft-bar").contains("Draft"))
            #expect(try await page.text("#draft-bar .total").contains("100%"))
        }
    }
}

import Base
import Testing

extension BrowserTests {
    @Suite struct KeyboardTests {
        @Test func `the list is searched and opened without a mouse`() async throws {
            try await visit { page, desk in
                let flow = try await desk.tracker.takeFlow()
                try await page.logIn(desk)
                try await page.sync()
                try await page.press("/")
                try await page.type(String(flow.campaign))
                try await page.wait("document.querySelectorAll('tr.row').length === 1")
                try await page.press("ArrowDown")
                try await page.wait("document.activeElement.closest('tr.row')?.dataset.id === '\(flow.campaign)'")
                try await page.press("Enter")
                try await page.wait("document.querySelector('#campaign-page') && document.readyState === 'complete'")
                try await page.press("f")
                try await page.wait("document.querySelector('\(flow.card)')")
                try await page.press("Escape")
                try await page.wait("location.pathname === '/campaigns/'")
            }
        }

        @Test func `a flow is edited and pushed without a mouse`() async throws {
            try await visit { page, desk in
                let flow = try await page.begin(desk)
                let offer = try await focusFirstRow(page, flow)

                // Digits go into the share of the row that has the focus.
                try await page.type("42")
                try await page.press("Enter")
                try await page.wait("document.querySelector('\(flow.share(offer))').defaultValue === '42'")
                try await page.press("ArrowUp")
                try await page.press("ArrowUp", .shift)
                try await page.press("Enter")
                try await page.wait("document.querySelector('\(flow.share(offer))').defaultValue === '48'")

                // Inside the field letters are letters; Esc leaves it for its row.
                try await page.press("Escape")
                try await page.press("p")
                try await page.wait("document.querySelector('\(flow.row(offer)).is-pinned')")
                try await page.press("з", code: "KeyP")
                try await page.wait("!document.querySelector('\(flow.row(offer)).is-pinned')")
                try await page.press("p")
                try await page.wait("document.querySelector('\(flow.row(offer)).is-pinned')")

                try await focusRow(page, flow, flow.offers.last ?? 0)
                try await page.press("Delete")
                try await page.wait("document.querySelector('\(flow.row(flow.offers.last ?? 0)).is-removed')")
                try await page.press("b")
                try await page.wait("document.querySelector('\(flow.share(flow.offers.last ?? 0))')")
                try await page.press("Delete")
                try await page.wait("document.querySelector('\(flow.row(flow.offers.last ?? 0)).is-removed')")

                try await page.press("a")
                try await page.wait(
                    "document.activeElement === document.querySelector('\(flow.card) .add-offer-input')")
                try await page.type("те")
                try await page.wait("document.querySelector('\(flow.card) [role=option][aria-selected=true]')")
                try await page.press("Enter")
                try await page.wait(
                    "document.querySelectorAll('\(flow.card) .share-input').length === \(flow.offers.count)")

                let drafted = try await page.shares(in: flow)
                #expect(drafted[offer] == 48 && drafted.values.reduce(0, +) == 100)
                try await page.press("Enter", .control)
                try await page.waitForDraft(flow, false)
                #expect(try await desk.tracker.shares(of: flow.stream) == drafted)
            }
        }

        @Test func `Esc leads to Cancel before it drops anything`() async throws {
            try await visit { page, desk in
                let flow = try await page.begin(desk)
                try await page.setShare(of: flow.offers[0], in: flow, to: 44)
                try await page.press("Escape")
                try await page.press("Escape")
                try await page.press("Escape")
                try await page.wait("document.activeElement.id === 'cancel-draft'")
                #expect(try await page.isDraft(flow))
                try await page.press("Escape")
                try await page.waitForDraft(flow, false)
            }
        }

        @Test func `a question mark lists the keys, and letters can be switched off`() async throws {
            try await visit { page, desk in
                let flow = try await page.begin(desk)
                try await page.press("?", .shift, code: "Slash")
                try await page.wait("document.querySelector('#keys-dialog').open")
                try await page.press("Escape")
                try await page.wait("!document.querySelector('#keys-dialog').open")
                try await page.click("[data-opens=account-dialog]")
                try await page.click("label:has(#letter-keys)")
                try await page.press("Escape")
                let offer = try await focusFirstRow(page, flow)
                try await page.press("p")
                try await page.press("Delete")
                try await page.wait("document.querySelector('\(flow.row(offer)).is-removed')")
                #expect(try await page.count("\(flow.row(offer)).is-pinned") == 0)
            }
        }

        /// ↓ until the flow's first row has the focus; returns its offer.
        private func focusFirstRow(_ page: Page, _ flow: TakenFlow) async throws -> Int64 {
            try await focusRow(page, flow, flow.offers[0])
            return flow.offers[0]
        }

        private func focusRow(_ page: Page, _ flow: TakenFlow, _ offer: Int64) async throws {
            let isThere = "document.activeElement === document.querySelector('\(flow.row(offer))')"
            try await page.evaluate("document.activeElement.blur()")
            for _ in 0..<60 where try await page.evaluate(isThere) != true { try await page.press("ArrowDown") }
            #expect(try await page.evaluate(isThere) == true)
        }
    }
}

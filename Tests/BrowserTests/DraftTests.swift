import Base
import Testing

extension BrowserTests {
    @Suite struct DraftTests {
        @Test func `Cancel drops the draft and Undo brings it back`() async throws {
            try await visit { page, desk in
                let flow = try await page.begin(desk)
                try await page.setShare(of: flow.offers[0], in: flow, to: 41)
                let drafted = try await page.shares(in: flow)
                try await page.click("#cancel-draft")
                try await page.waitForDraft(flow, false)
                #expect(try await page.shares(in: flow) == flow.shares)
                try await page.click(".toast:has(.link-button) .link-button")
                try await page.waitForDraft(flow)
                #expect(try await page.shares(in: flow) == drafted)

                try await page.click("#cancel-draft")
                try await page.waitForDraft(flow, false)
                try await page.press("z", .control)
                try await page.waitForDraft(flow)
                #expect(try await page.shares(in: flow) == drafted)
            }
        }

        @Test func `a removed offer is struck through until it is brought back`() async throws {
            try await visit { page, desk in
                let flow = try await page.begin(desk)
                let gone = flow.offers[1]
                try await page.click("\(flow.row(gone)) .remove")
                try await page.wait("document.querySelector('\(flow.row(gone)).is-removed .bring-back')")
                let rest = try await page.shares(in: flow)
                #expect(rest[gone] == nil && rest.values.reduce(0, +) == 100)
                let line = try await page.evaluate(
                    "getComputedStyle(document.querySelector('\(flow.row(gone)) .offer-name')).textDecorationLine")
                #expect(line == "line-through")
                try await page.reload()
                #expect(try await page.shares(in: flow) == rest)
                try await page.click("\(flow.row(gone)) .bring-back")
                try await page.wait("document.querySelector('\(flow.share(gone))')")
                let back = try await page.shares(in: flow)
                #expect(back.count == flow.shares.count && back.values.reduce(0, +) == 100)
            }
        }

        @Test func `a share that can't be had is refused in a sentence and nothing moves`() async throws {
            try await visit { page, desk in
                let flow = try await page.begin(desk)
                page.complaints.expect(status: 422)
                try await page.click(flow.share(flow.offers[0]))
                try await page.type("100")
                try await page.press("Enter")
                try await page.wait("document.querySelector('\(flow.card) .row-refusal')")
                let sentence = try await page.text("\(flow.card) .row-refusal")
                #expect(sentence.contains("Nothing was changed"))
                #expect(sentence.contains("1 to \(101 - flow.offers.count)%"), "The range that would do is named")
                #expect(try await page.count("\(flow.row(flow.offers[0])) .share.is-refused") == 1)
                #expect(try await page.isDraft(flow) == false)
                try await page.press("Escape")
                try await page.wait("!document.querySelector('\(flow.card) .row-refusal')")
                #expect(try await page.shares(in: flow) == flow.shares)
            }
        }

        @Test func `a draft is there for whoever opens the campaign next`() async throws {
            try await visit { page, desk in
                let flow = try await page.begin(desk)
                try await page.setShare(of: flow.offers[0], in: flow, to: 43)
                let drafted = try await page.shares(in: flow)
                let address = try await page.evaluate("location.href").stringValue ?? ""
                try await visit { other, desk in
                    try await other.logIn(desk)
                    try await other.wait(
                        "document.querySelector('tr.row[data-id=\"\(flow.campaign)\"] .chip.is-draft')")
                    try await other.open(address)
                    #expect(try await other.isDraft(flow))
                    #expect(try await other.shares(in: flow) == drafted)
                }
            }
        }
    }
}

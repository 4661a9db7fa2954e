import Base
import Testing

extension BrowserTests {
    /// How Keitaro can fail a push, and what the card then says.
    struct PushFault: Sendable, CustomTestStringConvertible {
        let fault: JSON
        let sentence: String
        var testDescription: String { fault["kind"]?.stringValue ?? "" }

        static let all = [
            PushFault(fault: ["kind": "cloudflare"], sentence: "Cloudflare stopped the request before Keitaro."),
            PushFault(fault: ["kind": "fields"], sentence: "Keitaro refused these shares."),
            PushFault(fault: ["kind": "html"], sentence: "Keitaro"),
            PushFault(fault: ["kind": "reset"], sentence: "Keitaro"),
            PushFault(fault: ["kind": "plain_not_found"], sentence: "Keitaro no longer has this flow."),
        ]
    }

    @Suite struct PushFaultTests {
        @Test(arguments: PushFault.all) func `a push that fails says why and keeps the draft`(_ fault: PushFault)
            async throws
        {
            try await visit { page, desk in
                let flow = try await page.begin(desk)
                try await page.setShare(of: flow.offers[0], in: flow, to: 46)
                let drafted = try await page.shares(in: flow)
                try await desk.tracker.breakNextWrite(of: flow.stream, fault.fault)
                page.complaints.expect(status: 502)
                try await page.click("#push-draft")
                try await page.wait("document.querySelector('\(flow.card) .flow-problem')")
                #expect(try await page.text("\(flow.card) .flow-problem").contains(fault.sentence))
                #expect(try await desk.tracker.shares(of: flow.stream) == flow.shares)

                try await page.reload()
                #expect(try await page.text("\(flow.card) .flow-problem").contains(fault.sentence))
                #expect(try await page.shares(in: flow) == drafted)
                try await page.click("\(flow.card) .flow-problem [data-action=push]")
                try await page.waitForDraft(flow, false)
                #expect(try await desk.tracker.shares(of: flow.stream) == drafted)
                #expect(try await page.count("\(flow.card) .flow-problem") == 0)
            }
        }

        @Test func `a key that Keitaro withdraws costs a new login and no draft`() async throws {
            try await visit { page, desk in
                let key = ServedDesk.restrictedKey
                let flow = try await desk.tracker.takeFlow(key: key)
                try await page.logIn(desk, key: key)
                try await page.sync()
                let link = try await page.wait("document.querySelector('tr.row[data-id=\"\(flow.campaign)\"] a')?.href")
                try await page.open(link.stringValue ?? "")
                try await page.fetchStreams()
                try await page.setShare(of: flow.offers[0], in: flow, to: 48)
                let drafted = try await page.shares(in: flow)
                try await desk.tracker.breakNextWrite(of: flow.stream, ["kind": "status", "status": 401])
                page.complaints.expect(status: 502)
                page.complaints.expect(status: 403)
                try await page.click("#push-draft")
                try await page.wait("document.querySelector('\(flow.card) .flow-problem')")
                #expect(
                    try await page.text("\(flow.card) .flow-problem").contains("Keitaro does not accept this key."))

                try await page.reload()
                #expect(try await page.text("h1") == "Keitaro no longer accepts your key")
                #expect(try await page.text("main").contains("Your drafts are kept."))
                // The field has the focus.
                try await page.wait("document.activeElement.id === 'new-key'")
                try await page.type(key)
                try await page.press("Enter")
                try await page.wait("document.querySelector('\(flow.card)') && document.readyState === 'complete'")
                #expect(try await page.shares(in: flow) == drafted)
                try await page.click("#push-draft")
                try await page.waitForDraft(flow, false)
                #expect(try await desk.tracker.shares(of: flow.stream) == drafted)
            }
        }

        @Test func `shares that Keitaro saved without saying so are found there`() async throws {
            try await visit { page, desk in
                let flow = try await page.begin(desk)
                try await page.setShare(of: flow.offers[0], in: flow, to: 47)
                let drafted = try await page.shares(in: flow)
                try await desk.tracker.breakNextWrite(of: flow.stream, ["kind": "reset", "after": true])
                try await page.click("#push-draft")
                try await page.waitForDraft(flow, false)
                try await page.waitForToast("pushed. Keitaro confirmed")
                #expect(try await desk.tracker.shares(of: flow.stream) == drafted)
            }
        }
    }
}

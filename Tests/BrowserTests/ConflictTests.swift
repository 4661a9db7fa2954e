import Base
import Testing

extension BrowserTests {
    @Suite struct ConflictTests {
        @Test func `Keep mine sends the draft over what Keitaro has`() async throws {
            try await visit { page, desk in
                let (flow, mine, theirs) = try await disagree(page, desk)
                #expect(try await desk.tracker.shares(of: flow.stream) == theirs, "Nothing was sent")
                try await page.click("#conflict-dialog [data-use=mine]")
                try await page.wait("!document.querySelector('#conflict-dialog').open")
                try await page.waitForToast("Push it when ready")
                #expect(try await page.shares(in: flow) == mine)
                try await page.click("#push-draft")
                try await page.waitForDraft(flow, false)
                #expect(try await desk.tracker.shares(of: flow.stream) == mine)
            }
        }

        @Test func `Take Keitaro's drops the draft`() async throws {
            try await visit { page, desk in
                let (flow, _, theirs) = try await disagree(page, desk)
                try await page.click("#conflict-dialog [data-use=keitaro]")
                try await page.waitForDraft(flow, false)
                #expect(try await page.shares(in: flow) == theirs)
                #expect(try await desk.tracker.shares(of: flow.stream) == theirs)
            }
        }

        @Test func `Back to the draft keeps it, also over a reload`() async throws {
            try await visit { page, desk in
                let (flow, mine, theirs) = try await disagree(page, desk)
                try await page.press("Escape")
                try await page.wait("!document.querySelector('#conflict-dialog').open")
                #expect(try await page.shares(in: flow) == mine)
                try await page.reload()
                #expect(try await page.shares(in: flow) == mine)
                try await page.click("#push-draft")
                try await page.wait("document.querySelector('#conflict-dialog').open")
                #expect(try await desk.tracker.shares(of: flow.stream) == theirs)
            }
        }

        /// A draft, a change in Keitaro meanwhile, and a push that is stopped.
        private func disagree(
            _ page: Page, _ desk: ServedDesk
        ) async throws -> (flow: TakenFlow, mine: [Int64: Int64], theirs: [Int64: Int64]) {
            let flow = try await page.begin(desk)
            try await page.setShare(of: flow.offers[0], in: flow, to: flow.shares[flow.offers[0]] == 44 ? 45 : 44)
            let mine = try await page.shares(in: flow)
            var theirs = flow.shares
            let most = try #require(flow.offers.max { flow.shares[$0, default: 0] < flow.shares[$1, default: 0] })
            let other = try #require(flow.offers.first { $0 != most })
            theirs[most, default: 0] -= 3
            theirs[other, default: 0] += 3
            try await desk.tracker.setShares(theirs, of: flow.stream)

            page.complaints.expect(status: 409)
            try await page.click("#push-draft")
            try await page.wait("document.querySelector('#conflict-dialog').open")
            let dialog = try await page.text("#conflict-dialog")
            #expect(dialog.contains("Keitaro changed Flow"))
            #expect(dialog.contains("Nothing was sent"))
            #expect(dialog.contains("\(theirs[most] ?? 0)") && dialog.contains("\(mine[flow.offers[0]] ?? 0)"))
            return (flow, mine, theirs)
        }
    }
}

import Base
import Fetch
import Testing

extension BrowserTests {
    /// Numbers, differences with Keitaro, and what was pushed.
    @Suite struct ReportTests {
        @Test func `statistics arrive after the page, for the period that is chosen`() async throws {
            try await visit { page, desk in
                let flow = try await page.begin(desk)
                let isFilled = "[...document.querySelectorAll('#cards dd')].every((one) => one.innerText.trim() !== '')"
                try await page.wait(isFilled)
                try await page.wait(
                    "document.querySelector('\(flow.row(flow.offers[0])) [data-stat=clicks]').innerText.trim() !== ''")
                let week = try await page.text("[data-card=clicks]")
                #expect(week.contains { $0.isNumber })
                try await page.click("#period [data-value=\"30_days\"]")
                try await page.wait(
                    "document.querySelector('[data-card=clicks]').innerText !== \(quoted(week)) && \(isFilled)")
                #expect(try await page.evaluate("new URLSearchParams(location.search).get('period')") == "30_days")

                try await page.open("\(desk.url)/campaigns/")
                try await page.wait("document.querySelector('tr.row [data-stat=revenue]').innerText.trim() !== ''")
                #expect(
                    try await page.evaluate("document.querySelector('#period [aria-pressed=true]').dataset.value")
                        == "30_days", "The period goes along to the next page")
                let revenue = """
                    [...document.querySelectorAll('tr.row [data-stat=revenue]')].slice(0, 20)
                      .map((cell) => Number(cell.innerText.replace(/[^0-9]/g, '')))
                    """
                let sorted = try await page.evaluate(
                    "(\(revenue)).every((one, at, all) => at === 0 || all[at - 1] >= one)")
                #expect(sorted == true, "The best stand first")
            }
        }

        @Test func `statistics that Keitaro refuses leave the page whole and can be asked for again`() async throws {
            try await visit { page, desk in
                try await page.logIn(desk)
                try await page.sync()
                try await page.wait("document.querySelector('tr.row [data-stat=clicks]').innerText.trim() !== ''")
                page.complaints.expect(status: 502)
                try await desk.tracker.ask(
                    .post, "/sandbox/faults", ["kind": "status", "status": 500, "path": "/report/", "times": 2])
                try await page.click("#period [data-value=yesterday]")
                try await page.wait("!document.querySelector('#statistics-notice').hidden")
                #expect(try await page.text("#statistics-notice").contains("Keitaro"))
                try await desk.tracker.ask(.delete, "/sandbox/faults")
                try await page.click("#statistics-notice [data-slot=again]")
                try await page.wait(
                    "document.querySelector('#statistics-notice').hidden && document.querySelector('tfoot [data-stat=clicks]').innerText.trim() !== ''"
                )
            }
        }

        @Test func `Check sync names each difference and touches nothing`() async throws {
            try await visit { page, desk in
                let flow = try await page.begin(desk)
                try await page.click("#check-sync")
                try await page.wait("document.querySelector('#sync-dialog').open")
                #expect(try await page.text("#sync-title") == "Keitaro and Sluice hold the same")
                try await page.press("Escape")

                var theirs = flow.shares
                let most = try #require(flow.offers.max { flow.shares[$0, default: 0] < flow.shares[$1, default: 0] })
                let other = try #require(flow.offers.first { $0 != most })
                theirs[most, default: 0] -= 2
                theirs[other, default: 0] += 2
                try await desk.tracker.setShares(theirs, of: flow.stream)
                try await page.click("#check-sync")
                try await page.wait("document.querySelector('#sync-title')?.innerText === 'Keitaro and Sluice differ'")
                let dialog = try await page.text("#sync-dialog")
                #expect(dialog.contains("Keitaro: \(theirs[most] ?? 0)%"))
                #expect(dialog.contains("here: \(flow.shares[most] ?? 0)%"))
                #expect(dialog.contains("2 differences"))
                #expect(try await page.shares(in: flow) == flow.shares)
                #expect(try await desk.tracker.shares(of: flow.stream) == theirs)

                try await page.click("#sync-dialog [data-presses=fetch-streams]")
                try await page.wait("document.querySelector('\(flow.share(most))').value === '\(theirs[most] ?? 0)'")
                #expect(try await page.isDraft(flow) == false)
            }
        }

        @Test func `a push is listed, and its undo makes the earlier shares a draft`() async throws {
            try await visit { page, desk in
                let flow = try await page.begin(desk)
                try await page.setShare(of: flow.offers[0], in: flow, to: 38)
                let pushed = try await page.shares(in: flow)
                try await page.click("#push-draft")
                try await page.waitForDraft(flow, false)

                try await page.open("\(desk.url)/campaigns/pushes/")
                try await page.click("details.push summary")
                try await page.wait("document.querySelector('details.push').open")
                let listed = try await page.text("details.push")
                #expect(listed.contains(flow.campaignName) && listed.contains("pushed"))
                #expect(listed.contains("\(flow.shares[flow.offers[0]] ?? 0)") && listed.contains("38"))
                try await page.click("details.push [data-undo]")
                try await page.wait("document.querySelector('#campaign-page') && document.readyState === 'complete'")
                #expect(try await page.isDraft(flow))
                #expect(try await page.shares(in: flow) == flow.shares)
                #expect(try await desk.tracker.shares(of: flow.stream) == pushed, "An undo is a draft, not a push")
                try await page.click("#push-draft")
                try await page.waitForDraft(flow, false)
                #expect(try await desk.tracker.shares(of: flow.stream) == flow.shares)
            }
        }
    }
}

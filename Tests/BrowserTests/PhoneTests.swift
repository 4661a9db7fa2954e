import Base
import Testing

extension BrowserTests {
    @Suite struct PhoneTests {
        @Test func `a finger steps a share, and the draft bar pushes it`() async throws {
            try await visit(.phone) { page, desk in
                let flow = try await page.begin(desk)
                let offer = flow.offers[0]
                let before = try #require(flow.shares[offer])
                let step = before > 50 ? -1 : 1
                for _ in 0..<3 { try await page.click("\(flow.row(offer)) [data-step=\"\(step)\"]") }
                try await page.waitForDraft(flow)
                let drafted = try await page.shares(in: flow)
                #expect(drafted[offer] == before + Int64(3 * step))
                #expect(drafted.values.reduce(0, +) == 100)
                #expect(try await page.text("\(flow.card) .flow-head").contains("100%"))
                let height = try await page.evaluate(
                    "Math.min(...['#push-draft', '#cancel-draft'].map((one) => document.querySelector(one).offsetHeight))"
                )
                #expect((height.lenientInt ?? 0) >= 44, "A finger needs 44 pixels")
                try await page.click("#push-draft")
                try await page.waitForDraft(flow, false)
                #expect(try await desk.tracker.shares(of: flow.stream) == drafted)
            }
        }

        @Test func `nothing scrolls sideways`() async throws {
            try await visit(.phone) { page, desk in
                page.complaints.expect(status: 404)
                try await page.open("\(desk.url)/users/login/")
                try await fits(page, "login")
                let flow = try await page.begin(desk)
                try await fits(page, "campaign")
                try await page.setShare(of: flow.offers[0], in: flow, to: 45)
                try await fits(page, "campaign with a draft")
                for path in [
                    "/campaigns/", "/campaigns/?q=ббб", "/campaigns/pushes/", "/nowhere/", "/users/tokens/", "/admin/",
                    "/admin/sessions/", "/admin/campaigns/?q=ббб", "/admin/flow_offers/", "/admin/keys/1/",
                    "/admin/keys/1/delete/",
                ] {
                    try await page.open(desk.url + path)
                    try await fits(page, path)
                }
            }
        }

        private func fits(_ page: Page, _ name: String) async throws {
            for device in [Page.Device.desk, .tablet, .phone] {
                try await page.hold(device)
                let over = try await page.evaluate("document.scrollingElement.scrollWidth - innerWidth")
                #expect((over.lenientInt ?? 1) <= 0, "\(name) on a \(device.name) is too wide by \(over.text)")
                let tooWide = try await page.evaluate(
                    """
                    [...document.querySelectorAll('.page-head, .filter-bar, .draft-bar, .side, .flow-head')]
                      .filter((one) => one.scrollWidth > one.clientWidth + 1).map((one) => one.className)
                    """)
                #expect(tooWide.arrayValue?.isEmpty == true, "\(name) on a \(device.name): \(tooWide.text)")
            }
        }
    }
}

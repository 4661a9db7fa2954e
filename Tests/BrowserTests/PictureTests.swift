import Base
import Testing

extension BrowserTests {
    /// Takes the pictures that a person looks at: with `SLUICE_SCREENSHOTS=folder` they are kept there.
    @Suite struct PictureTests {
        @Test(arguments: [Page.Device.desk, .phone])
        func `pages have their pictures, light and dark`(_ device: Page.Device) async throws {
            try await visit(device) { page, desk in
                try await page.open("\(desk.url)/users/login/")
                try await take(page, "login")
                let flow = try await page.begin(desk, offers: 4)
                try await page.setShare(of: flow.offers[0], in: flow, to: 37)
                try await page.click("\(flow.row(flow.offers[0])) .pin")
                try await page.wait("document.querySelector('\(flow.row(flow.offers[0])).is-pinned')")
                try await page.click("\(flow.row(flow.offers[3])) .remove")
                try await page.wait("document.querySelector('\(flow.row(flow.offers[3])).is-removed')")
                let address = try await page.evaluate("location.href").stringValue ?? ""
                for (name, path) in [("campaign", address), ("list", "\(desk.url)/campaigns/")] {
                    try await page.open(path)
                    let cell = name == "list" ? "tfoot [data-stat=clicks]" : "[data-card=clicks]"
                    try await page.wait("document.querySelector('\(cell)').innerText.trim() !== ''")
                    try await take(page, name)
                }
            }
        }

        private func take(_ page: Page, _ name: String) async throws {
            for isDark in [false, true] {
                try await page.setDark(isDark)
                let picture = try await page.screenshot()
                let size = try #require(Pictures.size(picture))
                #expect(size.width == Int(Double(page.device.width) * page.device.scale))
                #expect(size.height == Int(Double(page.device.height) * page.device.scale))
                try Pictures.keep(picture, "\(name)-\(page.device.name)-\(isDark ? "dark" : "light")")
            }
            try await page.setDark(false)
        }
    }
}

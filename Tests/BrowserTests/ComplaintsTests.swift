import Base
import Testing

extension BrowserTests {
    /// The tests above trust that a page's troubles are seen.
    @Suite struct ComplaintsTests {
        @Test func `a page's troubles are seen`() async throws {
            let desk = try BrowserTests.desk.get()
            let page = try await Page.open(in: try BrowserTests.browser.get(), .desk, language: "en")
            try await page.open("\(desk.url)/users/login/")
            let troubles = [
                ("console.error('odd')", "console error"),
                ("setTimeout(() => { throw new Error('odd'); })", "exception"),
                ("fetch('/nowhere/')", "404 for GET"),
                ("fetch('http://127.0.0.1:1/')", "127.0.0.1:1"),
                (
                    "document.body.append(Object.assign(document.createElement('script'), { text: 'globalThis.ran = true' }))",
                    "security"
                ), ("document.body.setAttribute('style', 'color: red')", "security"),
            ]
            for (script, complaint) in troubles {
                let before = page.complaints.all.count
                try await page.evaluate("void \(script)")
                // Complaints come by themselves, soon.
                for _ in 0..<200 where page.complaints.all.count == before {
                    try await page.evaluate("new Promise(requestAnimationFrame)")
                }
                let new = page.complaints.all.dropFirst(before)
                #expect(new.contains { $0.contains(complaint) }, "\(script) led to \(new)")
            }
            #expect(try await page.evaluate("globalThis.ran ?? false") == false)
            try await page.close()
        }
    }
}

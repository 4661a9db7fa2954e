import Base
import Testing
import TestGround

extension BrowserTests {
    @Suite struct DemoTests {
        @Test func `the demo gives its key and says on each page that it is one`() async throws {
            let folder = try TemporaryFolder("demo")
            let process = try ProgramProcess(
                [ProgramProcess.sluice, "--demo", "serve"],
                environment: ServedDesk.settings(["DEMO_DATA_DIR": folder.path]), folder: folder)
            let url = try process.line(after: "Sluice is at ")
            try await visit { page, _ in
                try await page.open("\(url)/")
                #expect(try await page.text(".login-demo").contains("demo-admin-key"))
                #expect(try await page.text(".demo-line").contains("simulated data"))
                try await page.click(".login-demo [data-fills=api-key]")
                try await page.wait("document.querySelector('#api-key').value === 'demo-admin-key'")
                try await page.click("#login-form [type=submit]")
                try await page.wait("document.querySelector('#campaigns-page') && document.readyState === 'complete'")
                try await page.sync()
                let campaign = try await page.wait("document.querySelector('tr.row a')?.pathname").stringValue ?? ""
                for path in [
                    "/campaigns/", campaign, "/campaigns/pushes/", "/admin/", "/admin/users/", "/admin/users/1/",
                    "/admin/users/1/close/", "/admin/users/new/", "/users/audit/", "/users/tokens/",
                ] {
                    try await page.open(url + path)
                    let isSaid = try await page.evaluate(
                        "[...document.querySelectorAll('.demo-line, .side-demo')].some((one) => one.checkVisibility() && one.innerText.includes('simulated data'))"
                    )
                    #expect(isSaid == true, "\(path) hides that it is a demo")
                }
            }
        }
    }
}

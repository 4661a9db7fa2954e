import Base
import Fetch
import Synchronization
import Testing
import TestGround

extension BrowserTests {
    @Suite struct PostbackTests {
        @Test(arguments: [Page.Device.desk, .phone])
        func `a postback to a new profile's URL appears on the page while one looks`(_ device: Page.Device) async throws
        {
            try await visit(device) { page, desk in
                let campaign = "Live on the \(device.name)"
                let url = try await page.makeProfile(desk, called: "Profile of the \(device.name)")
                try await Pictures.keep(page, "postback-profile-\(device.name)")
                try await page.open("\(desk.url)/postbacks/")
                try await page.wait("document.querySelector('#live-chip').classList.contains('is-up')")
                try await page.post(url, ["status": "sale", "click_id": "c-1", "campaign_name": .string(campaign)])
                let row =
                    "[...document.querySelectorAll('.log tr.row')].find((row) => row.innerText.includes(\(quoted(campaign))))"
                try await page.wait(row)
                #expect(try await page.evaluate("\(row).innerText.includes('Deposit')") == true)
                try await page.evaluate("\(row).querySelector('td').click()")
                try await page.wait("document.querySelector('#event-panel:not([hidden]) .event')")
                #expect(try await page.text("#event-panel").contains("c-1"))
                // The request as it came, without what opens the door.
                let raw = try await page.text("#event-panel .panel-raw")
                #expect(raw.contains("POST") && raw.contains("secret=***"))
                try await Pictures.keep(page, "postbacks-\(device.name)")
                try await page.click("#event-panel [data-slot=close]")
                try await page.wait("document.querySelector('#event-panel').hidden")
            }
        }

        @Test func `a paused log keeps what comes and shows it afterwards`() async throws {
            try await visit { page, desk in
                let url = try await page.makeProfile(desk, called: "Paused log")
                try await page.open("\(desk.url)/postbacks/")
                try await page.click("#pause-log")
                try await page.post(url, ["status": "lead", "click_id": "held-1"])
                try await page.wait("document.querySelector('#live-chip').innerText.includes('1 new')")
                #expect(try await page.evaluate("document.querySelector('.log').innerText.includes('held-1')") == false)
                try await page.click("#pause-log")
                try await page.wait("document.querySelector('.log').innerText.includes('held-1')")
            }
        }

        @Test(arguments: [Page.Device.desk, .phone])
        func `the URL is put into a campaign once one has seen what changes`(_ device: Page.Device) async throws {
            try await visit(device) { page, desk in
                _ = try await page.makeProfile(desk, called: "Installed from the \(device.name)")
                let profile = try await page.evaluate("location.pathname").stringValue ?? ""
                // One without traffic: its postbacks would come in between other visits.
                let campaigns = try await desk.tracker.ask(.get, "/admin_api/v1/campaigns").arrayValue ?? []
                let quiet = campaigns.filter { $0["state"] == "disabled" }.compactMap { $0["id"]?.intValue }
                let campaign = try #require(device.isPhone ? quiet.last : quiet.first)
                try await page.open("\(desk.url)\(profile)installation/")
                try await page.evaluate("document.querySelector('[name=target]').focus()")
                try await page.type("\(campaign)")
                try await page.press("Enter")
                try await page.wait("document.querySelector('.installation-order')")
                for isDark in [false, true] {
                    try await page.setDark(isDark)
                    try await Pictures.keep(page, "installation-\(device.name)-\(isDark ? "dark" : "light")")
                }
                let isWithin = try await page.evaluate(
                    "document.documentElement.scrollWidth <= innerWidth && [...document.querySelectorAll('.table-scroll')].every((box) => box.scrollWidth <= box.clientWidth)"
                )
                #expect(isWithin == true)
                try await page.click(".installation-order button")
                try await page.wait("document.querySelector('.notice')?.innerText.includes('Keitaro has the URL')")
                #expect(try await page.text("[aria-labelledby=places]").contains("campaign \(campaign)"))
            }
        }

        @Test func `a route is tried on what came before it is saved`() async throws {
            try await visit { page, desk in
                let url = try await page.makeProfile(desk, called: "Tried routes")
                for number in 1...3 {
                    try await page.post(
                        url, ["status": "sale", "click_id": .string("r-\(number)"), "source": "tiktok"])
                }
                try await page.open("\(desk.url)/postbacks/routes/")
                let group =
                    "[...document.querySelectorAll('.route-group')].find((group) => group.innerText.includes('Tried routes'))"
                try await page.evaluate("\(group).querySelector('[data-new-route]').click()")
                try await page.wait("!document.querySelector('#route-panel').hidden")
                try await page.evaluate(
                    """
                    (() => {
                      const form = document.querySelector('#route-panel form');
                      const set = (name, value) => { form.elements[name].value = value; form.elements[name].dispatchEvent(new Event('change', { bubbles: true })); };
                      set('match', 'source'); set('match_value', 'tiktok'); set('chat_id', 'other'); set('chat_number', '-100777');
                    })()
                    """)
                try await page.wait(
                    "document.querySelector('.trial-figure')?.innerText.startsWith('3 messages instead of 0')")
                try await Pictures.keep(page, "postback-routes-trial")
                try await page.click("#route-panel [type=submit]")
                try await page.wait("\(group)?.innerText.includes('source tiktok')")
            }
        }
    }
}

extension Page {
    /// With the session of whoever logged in first, if anybody did.
    fileprivate func makeProfile(_ desk: ServedDesk, called name: String) async throws -> String {
        if let cookie = desk.admission.withLock({ $0?.cookie }) {
            try await call("Network.setCookie", cookie)
        } else {
            try await logIn(desk)
        }
        try await open("\(desk.url)/postbacks/profiles/")
        try await click("[data-opens=new-profile]")
        try await wait("document.querySelector('#new-profile').open")
        try await evaluate("document.querySelector('#new-name').focus()")
        try await type(name)
        try await press("Enter")
        try await wait("document.querySelector('#postback-url') && document.readyState === 'complete'")
        return try await text("#postback-url")
    }

    /// As Keitaro sends it: a form.
    fileprivate func post(_ url: String, _ fields: JSON) async throws {
        let address = String(url.prefix { $0 != "&" })
        let answer = try await evaluate(
            "fetch(\(quoted(address)), { method: 'POST', credentials: 'omit', body: new URLSearchParams(\(fields.text)) }).then((answer) => answer.text())"
        )
        guard answer == "ok" else { throw TestFailure("the postback was answered with \(answer)") }
    }
}

import Base
import Synchronization
import TestGround

/// What a buyer does, in words. Each step ends when the page shows its outcome.
extension Page {
    func logIn(_ desk: ServedDesk, key: String = ServedDesk.key) async throws {
        try await open("\(desk.url)/users/login/")
        try await click("#api-key")
        try await type(key)
        try await press("Enter")
        try await wait("location.pathname === '/campaigns/' && document.readyState === 'complete'")
    }

    /// Syncs unless an earlier visit did.
    func sync() async throws {
        guard try await count("tr.row") == 0 else { return }
        try await click("#sync-campaigns")
        try await wait("document.querySelectorAll('tr.row').length > 50 && document.readyState === 'complete'")
    }

    /// Comes to the card of a flow as Keitaro holds it now, with the session of whoever logged in first.
    func begin(_ desk: ServedDesk, offers: Int = 3) async throws -> TakenFlow {
        let flow = try await desk.tracker.takeFlow(offers: offers)
        if let cookie = desk.admission.withLock({ $0?.cookie }) {
            try await call("Network.setCookie", cookie)
        } else {
            try await logIn(desk)
            try await sync()
            let admission = try await admission(desk)
            desk.admission.withLock { $0 = admission }
        }
        guard let campaign = desk.admission.withLock({ $0?.campaigns[flow.campaign] }) else {
            throw TestFailure("the desk knows no campaign \(flow.campaign)")
        }
        try await open("\(desk.url)/campaigns/\(campaign)/")
        try await fetchStreams()
        try await see(flow)
        return flow
    }

    private func admission(_ desk: ServedDesk) async throws -> ServedDesk.Admission {
        let cookies = try await call("Network.getCookies")["cookies"]?.arrayValue ?? []
        guard let session = cookies.first(where: { $0["httpOnly"] == true }) else {
            throw TestFailure("no session's cookie")
        }
        let listed = try await evaluate(
            "fetch('/campaigns/?state=all', { headers: { Accept: 'application/json' } }).then((answer) => answer.json())"
        )
        var campaigns: [Int64: Int64] = [:]
        for campaign in listed["campaigns"]?.arrayValue ?? [] {
            if let theirs = campaign["keitaro_id"]?.lenientInt { campaigns[theirs] = campaign["id"]?.lenientInt }
        }
        return ServedDesk.Admission(
            cookie: [
                "name": session["name"] ?? "", "value": session["value"] ?? "", "url": .string(desk.url),
                "httpOnly": true,
            ], campaigns: campaigns)
    }

    func fetchStreams() async throws {
        try await click("#fetch-streams")
        try await waitForToast("fetched from Keitaro")
    }

    /// On a phone one flow is in view at a time.
    func see(_ flow: TakenFlow) async throws {
        let tab = try await evaluate(
            "document.querySelector('.flow-tab[data-flow=\"' + document.querySelector('\(flow.card)').dataset.flow + '\"]')?.getAttribute('aria-current')"
        )
        if tab == "false", device.isPhone {
            let key = try await evaluate("document.querySelector('\(flow.card)').dataset.flow").stringValue ?? ""
            try await click(".flow-tab[data-flow=\"\(key)\"]")
        }
    }

    func setShare(of offer: Int64, in flow: TakenFlow, to share: Int64) async throws {
        try await click(flow.share(offer))
        try await type(String(share))
        try await press("Enter")
        try await wait("document.querySelector('\(flow.share(offer))').defaultValue === '\(share)'")
    }

    /// Shares by offer as the card shows them; a removed row has none.
    func shares(in flow: TakenFlow) async throws -> [Int64: Int64] {
        let shown = try await evaluate(
            """
            [...document.querySelectorAll('\(flow.card) tr.offer')].filter((row) => row.querySelector('.share-input'))
              .map((row) => [Number(row.dataset.offer), Number(row.querySelector('.share-input').value)])
            """)
        var shares: [Int64: Int64] = [:]
        for pair in shown.arrayValue ?? [] {
            if let offer = pair[0]?.lenientInt { shares[offer] = pair[1]?.lenientInt }
        }
        return shares
    }

    func isDraft(_ flow: TakenFlow) async throws -> Bool {
        try await evaluate("document.querySelector('\(flow.card)').classList.contains('is-draft')") == true
    }

    func waitForDraft(_ flow: TakenFlow, _ isDraft: Bool = true) async throws {
        try await wait("document.querySelector('\(flow.card)').classList.contains('is-draft') === \(isDraft)")
    }

    func waitForToast(_ text: String) async throws {
        try await wait(
            "[...document.querySelectorAll('.toast')].some((toast) => toast.innerText.includes(\(quoted(text))))")
    }
}

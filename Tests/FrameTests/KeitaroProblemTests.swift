import Base
import Fetch
import HTTP
import Keitaro
import TestDesk
import Testing
import Views

@testable import Frame

/// What failures of a tracker become: a status for programs, a sentence for people.
struct KeitaroProblemTests {
    private static let made = Result {
        try Frame(
            templatesDirectory: TestPlaces.templates, assetVersion: "t", demoKeys: nil,
            publicURL: "https://desk.example:8443/x", serverName: "host")
    }

    private static func failure(_ error: KeitaroError, after duration: Duration = .seconds(15)) -> KeitaroFailure {
        KeitaroFailure(
            error,
            KeitaroCallFacts(
                method: "GET", path: "/admin_api/v1/groups", status: 503, duration: duration, isWrite: false,
                wasSent: true))
    }

    private static let errors: [(KeitaroError, Int, String)] = [
        (.keyRefused, 403, "key_refused"), (.editionWithoutAPI, 402, "edition"),
        (.noPermission(message: "no"), 403, "forbidden"),
        (.firewall(KeitaroFirewall(isCloudflare: true)), 502, "firewall"),
        (.notFound(message: "no"), 404, "gone"), (.rejectedFields([]), 422, "rejected"),
        (.notJSON(status: 200, isHTML: true), 502, "unexpected"),
        (.serverError(status: 500, message: nil), 502, "server_error"),
        (.rateLimited(retryAfter: .seconds(7)), 429, "limited"), (.timeout(wasWrite: false), 504, "timeout"),
        (.unreachable(.refused), 502, "unreachable"),
        (.redirected(to: "https://x", isOnlyHTTPS: true), 502, "unexpected"),
    ]

    @Test func `each has a status, a name and a sentence in each language`() throws {
        let frame = try Self.made.get()
        for (error, status, kind) in Self.errors {
            let problem = frame.problem(Self.failure(error))
            #expect(problem.status.code == status, "\(error)")
            #expect(Frame.kind(of: error) == kind)
            let login = frame.loginSentences(Self.failure(error), host: "trk.example")
            for language in Language.allCases {
                let words = frame.templates.words(language)
                for text in [words(problem.detail), words(login.title), words(login.detail)] {
                    #expect(text.count > 8 && !text.contains("{") && !text.contains(".error."), "\(language): \(text)")
                }
            }
        }
        let limited = frame.problem(Self.failure(.rateLimited(retryAfter: .seconds(7))))
        #expect(limited.headers.map { "\($0.0): \($0.1)" } == ["Retry-After: 7"])
    }

    @Test func `only Cloudflare is called by its name, and Keitaro's complaint is quoted`() throws {
        let frame = try Self.made.get()
        let fields = [KeitaroRejectedField(field: "range", messages: ["is too wide"])]
        for language in Language.allCases {
            let words = frame.templates.words(language)
            for isCloudflare in [true, false] {
                let failure = Self.failure(.firewall(KeitaroFirewall(isCloudflare: isCloudflare)))
                for word in [frame.problem(failure).detail, frame.loginSentences(failure, host: "x").title] {
                    #expect(words(word).contains("Cloudflare") == isCloudflare, "\(words(word))")
                }
            }
            let refused = words(frame.problem(Self.failure(.rejectedFields(fields))).detail)
            #expect(refused.contains("range: is too wide"), "\(refused)")
        }
    }

    @Test(
        arguments: [
            (Duration.milliseconds(3), 1), (.milliseconds(1_400), 1), (.milliseconds(1_600), 2),
            (.milliseconds(15_003), 15),
            (.milliseconds(14_999), 15), (.seconds(30), 30),
        ] as [(Duration, Int64)])
    func `says how long it waited in whole seconds`(duration: Duration, seconds: Int64) throws {
        #expect(Frame.seconds(Self.failure(.timeout(wasWrite: false), after: duration)) == seconds)
    }

    @Test func `the small print names the call`() {
        #expect(
            Frame.facts(of: Self.failure(.keyRefused, after: .milliseconds(1_250)))
                == "GET /admin_api/v1/groups · 503 · 1250 ms")
    }

    @Test(
        arguments: [
            ("https://desk.example:8443/x", "desk.example"), ("http://127.0.0.1:80", "127.0.0.1"),
            ("http://[::1]:80/", "::1"),
            ("https://desk.example?x", "desk.example"), ("desk.example", nil),
        ] as [(String, String?)])
    func `takes the host out of an address`(url: String, host: String?) {
        #expect(Frame.host(url) == host)
    }

    @Test func `https makes cookies secure, and firewalls are told the public name`() throws {
        let frame = try Self.made.get()
        #expect(frame.isSecure && frame.serverAddress == "desk.example" && !frame.isDemo)
    }

    // MARK: Problems

    @Test func `a problem is a page for browsers and an object for programs`() throws {
        let frame = try Self.made.get()
        let problem = Problem(
            .unprocessable, Word("refused.nothing_changed"),
            title: Word("refused.share_only", ["offer": "A", "value": 5]),
            reasons: [Word("refused.share_alone")], type: "/problems/x", field: "share", headers: [("X-A", "1")],
            members: [("more", 1)])
        let program = try Request.make(headers: [("Accept", "application/json")])
        let answer = frame.render(frame.httpError(problem, program), program)
        #expect(answer.status.code == 422 && answer.header("Content-Type") == "application/problem+json")
        let json = try JSON(parsing: answer.body)
        #expect(json["title"] == "A can take only 5%." && json["type"] == "/problems/x" && json["more"] == 1)
        #expect(json["detail"] == "It is the only offer of this flow, so it takes 100%. Nothing was changed.")
        #expect(json["errors"]?[0]?["field"] == "share" && answer.header("X-A") == "1")
        let browser = try Request.make(headers: [("Accept", "text/html"), ("Accept-Language", "uk")])
        let page = frame.render(frame.httpError(problem, browser), browser)
        let text = String(decoding: page.body, as: UTF8.self)
        #expect(page.header("Content-Type") == "text/html; charset=utf-8" && text.contains("lang=\"uk\""))
        #expect(text.contains(browser.id) && page.header("X-A") == "1")
    }

    @Test(arguments: [400, 403, 404, 405, 413, 422, 429, 500, 503])
    func `a bare status has words in each language`(code: Int) throws {
        let frame = try Self.made.get()
        var titles: Set<String> = []
        for language in Language.allCases {
            let request = try Request.make(headers: [("Accept-Language", language.rawValue)])
            let answer = frame.render(HTTPError(Status(code, "Reason")), request)
            let json = try JSON(parsing: answer.body)
            let title = json["title"]?.stringValue ?? ""
            #expect(title != "Reason" && (json["detail"]?.stringValue?.count ?? 0) > 8)
            titles.insert(title)
        }
        #expect(titles.count == 3)
    }

    @Test func `what a visitor is called is escaped`() throws {
        let frame = try Self.made.get()
        let request = try Request.make(headers: [("Accept", "text/html")])
        request[Viewer.self] = Viewer(
            name: "<script>alert(1)</script>", language: .en, theme: .dark, csrfToken: "t\"><b>", trackerName: "trk",
            trackerHost: "trk.example", trackerIsHealthy: false)
        let page = try frame.page("logout", [:], title: "<i>", at: .elsewhere, to: request)
        let text = String(decoding: page.body, as: UTF8.self)
        #expect(!text.contains("<script>alert") && !text.contains("\"><b>") && !text.contains("<i>"))
        #expect(text.contains("data-theme=\"dark\""))
    }
}

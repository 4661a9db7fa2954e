import Accounts
import Base
import Fetch
import Postgres
import Sandbox
import TestDesk
import Testing

/// A desk with at least one row of every kind.
enum Stock {
    static func fill(_ desk: TestDesk, _ buyer: Visitor) async throws {
        let campaign = try await buyer.get("/campaigns/?state=active&sort=id&dir=asc").json["campaigns"]?[0]?["id"]
        let id = try #require(campaign?.intValue)
        try #require(try await buyer.post("/campaigns/\(id)/fetch-streams/").status == 200)
        try #require(try await buyer.post("/campaigns/stats/").status == 200)
        _ = try await desk.accounts.invite(loginName: "Invited", role: .content)
        try await desk.database.execute(
            """
            INSERT INTO keitaro_pushes (flow_id, request_id, revision, state, before, after, settled_at)
            SELECT id, 'r', 1, 'pushed', '[]', '[]', now() FROM keitaro_flows LIMIT 1
            """)
        try await desk.database.execute(
            """
            INSERT INTO outbox (kind, payload, state, settled_at, last_error)
            VALUES ('test.kind', '{}', 'failed', now(), 'why'), ('test.kind', '{}', 'done', now(), NULL)
            """)
        try await desk.database.execute(
            "INSERT INTO outbox_schedules (name, last_slot) VALUES ('nightly', now()) ON CONFLICT DO NOTHING")
        try await desk.database.execute(
            "INSERT INTO login_failures (address, window_start, failures) VALUES ('203.0.113.5', now(), 3)")
        let profile: Int64 = try await desk.database.one(
            """
            INSERT INTO keitaro_profiles (name, secret_lookup, secret_cipher) VALUES ('Profile', 'lookup', 'cipher')
            RETURNING id
            """
        ).get("id")
        try await desk.database.execute(
            "INSERT INTO keitaro_routes (profile_id, name, match_kind, chat_id) VALUES (\(profile), 'Route', 'any', 1)")
        try await desk.database.execute(
            """
            INSERT INTO conversions (source, external_id, profile_id, status, revenue_state, converted_at, updated_at)
            VALUES ('keitaro', 'a', \(profile), 'deposit', 'confirmed', now(), now())
            """)
        try await desk.database.execute(
            "INSERT INTO postback_refusals (outcome, address, raw) VALUES ('bad_secret', '203.0.113.5', '{}')")
    }
}

extension TestDesk {
    static let password = "river under the bridge"

    /// Somebody who followed a one-time link and is logged in, as a browser.
    func named(_ name: String, _ role: Role) async throws -> Visitor {
        let token = try await accounts.invite(loginName: name, role: role)
        return try await follow(token)
    }

    func administrator() async throws -> Visitor { try await named("Boss", .admin) }

    /// Chooses the password of a one-time link.
    func follow(_ token: String) async throws -> Visitor {
        let form = try await loginForm()
        let answer = try await form.visitor.postForm(
            "/users/invitation/", [("token", token), ("password", Self.password), ("csrf_token", form.token)])
        let session = try #require(TestDesk.cookie("sluice_session", in: answer), "\(answer.text)")
        var visitor = stranger(accepting: "text/html").with("Cookie", "sluice_session=\(session)")
        let page = try await visitor.get("/users/logout/").text
        let start = "name=\"csrf-token\" content=\""
        visitor.csrfToken = page.firstRange(of: start).map { String(page[$0.upperBound...].prefix { $0 != "\"" }) }
        return visitor
    }

    static func encoded(_ key: String) -> String {
        let hex = Array("0123456789ABCDEF")
        return key.utf8.map { byte -> String in
            let isPlain = (byte | 0x20 >= 0x61 && byte | 0x20 <= 0x7A) || (byte >= 0x30 && byte <= 0x39)
            return isPlain ? String(UnicodeScalar(byte)) : "%\(hex[Int(byte >> 4)])\(hex[Int(byte & 15)])"
        }.joined()
    }
}

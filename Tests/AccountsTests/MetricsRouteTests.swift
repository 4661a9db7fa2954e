import Accounts
import Base
import Fetch
import TestDesk
import Testing

@Suite(.timeLimit(.minutes(10))) struct MetricsRouteTests {
    @Test func `the machine itself and admins read the numbers, nobody else`() async throws {
        try await withDesk { desk in
            let admin = try await desk.program(.admin, key: nil)
            let buyer = try await desk.program(.buyer, key: nil)
            // Behind a proxy on the same machine every peer is the machine.
            for header in ["X-Forwarded-For", "X-Real-IP", "Forwarded", "Via"] {
                #expect(try await desk.stranger.with(header, "127.0.0.1").get("/metrics").status == 401)
                #expect(try await buyer.with(header, "127.0.0.1").get("/metrics").status == 403)
                #expect(try await admin.with(header, "127.0.0.1").get("/metrics").status == 200)
            }
            let answer = try await desk.stranger.get("/metrics")
            #expect(
                answer.status == 200 && answer.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8")
        }
    }

    @Test(arguments: [
        (Role.admin, "read", 200), (.admin, "read,write,push", 200), (.admin, "read,write,push,admin", 200),
        (.analyst, "read", 403), (.buyer, "read,write,push", 403),
    ])
    func `an admin's token that may only read is enough for the numbers and for nothing else of administrators`(
        role: Role, scopes: String, status: Int
    ) async throws {
        try await withDesk { desk in
            let set = try #require(TokenScope.set(scopes))
            let token = try await desk.accounts.createToken(name: "collector", role: role, scopes: set)
            let collector = desk.program(token: token).with("X-Forwarded-For", "127.0.0.1")
            #expect(try await collector.get("/metrics").status == status)
            let isAdministrator = role == .admin && set.contains(.admin)
            #expect(try await collector.get("/users/audit/").status == (isAdministrator ? 200 : 403))
        }
    }

    @Test func `requests are counted by route, method and status class`() async throws {
        try await withDesk { desk in
            for _ in 0..<3 { _ = try await desk.stranger.get("/openapi.json") }
            _ = try await desk.stranger.get("/campaigns/77/")
            _ = try await desk.stranger.get("/campaigns/78/")
            _ = try await desk.stranger.get("/nowhere/a-long-name")
            let text = try await desk.stranger.get("/metrics").text
            _ = try Exposition(text)
            let lines = text.split(separator: "\n")
            for line in [
                #"sluice_http_requests_total{route="/openapi.json",method="GET",status="2xx"} 3"#,
                #"sluice_http_requests_total{route="/campaigns/{id}/",method="GET",status="4xx"} 2"#,
                #"sluice_http_requests_total{route="none",method="any",status="4xx"} 1"#,
                #"sluice_http_request_duration_seconds_count{route="/openapi.json",method="GET"} 3"#,
                #"sluice_http_request_duration_seconds_bucket{route="/openapi.json",method="GET",le="+Inf"} 3"#,
                "# TYPE sluice_http_request_duration_seconds histogram", "sluice_pool_limit 4", "sluice_pool_waiting 0",
            ] {
                #expect(lines.contains(Substring(line)), "\(line) is not in\n\(text)")
            }
            #expect(!text.contains("a-long-name"), "an address that a stranger makes up must not become a label")
        }
    }
}

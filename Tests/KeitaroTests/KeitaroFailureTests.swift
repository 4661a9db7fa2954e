import Fetch
import Testing

@testable import Keitaro

@Suite struct KeitaroFailureTests {
    private func failure(_ error: KeitaroError, isWrite: Bool = true, wasSent: Bool = true) -> KeitaroFailure {
        KeitaroFailure(
            error,
            KeitaroCallFacts(
                method: "PUT", path: "/admin_api/v1/streams/5", status: nil, duration: .zero, isWrite: isWrite,
                wasSent: wasSent))
    }

    private static let problem = KeitaroModelProblem(object: "stream", field: "id", expected: "x", found: "y")

    @Test(arguments: [
        (KeitaroError.timeout(wasWrite: true), true, true),
        (.unreachable(.reset(sent: true)), true, true),
        (.unreachable(.tooLarge(limit: 1)), false, true),
        (.serverError(status: 500, message: nil), true, true),
        (.serverError(status: 504, message: nil), true, true),
        (.unreadable(problem), false, true),
        (.notJSON(status: 200, isHTML: true), false, true),
        (.notJSON(status: 404, isHTML: true), false, false),
        (.unreachable(.refused), true, false),
        (.unreachable(.couldNotResolve(host: "x")), true, false),
        (.unreachable(.tls(reason: "x")), false, false),
        (.unreachable(.reset(sent: false)), true, false),
        (.rateLimited(retryAfter: nil), true, false),
        (.keyRefused, false, false),
        (.editionWithoutAPI, false, false),
        (.noPermission(message: ""), false, false),
        (.firewall(.init(isCloudflare: true)), false, false),
        (.notFound(message: ""), false, false),
        (.rejectedFields([]), false, false),
        (.redirected(to: "x", isOnlyHTTPS: true), false, false),
    ])
    func `knows what is worth retrying and what may have been applied`(
        error: KeitaroError, isWorthRetrying: Bool, mayHaveBeenApplied: Bool
    ) {
        #expect(failure(error).isWorthRetrying == isWorthRetrying)
        #expect(failure(error).mayHaveBeenApplied == mayHaveBeenApplied)
        #expect(!failure(error, isWrite: false).mayHaveBeenApplied)
        #expect(!failure(error, wasSent: false).mayHaveBeenApplied)
    }

    @Test func `is one sentence for the log`() {
        #expect(
            failure(.redirected(to: "https://tracker.example", isOnlyHTTPS: true)).description
                == "PUT /admin_api/v1/streams/5: redirected to https://tracker.example")
        #expect(
            KeitaroError.rejectedFields([
                .init(field: "", messages: ["a"]), .init(field: "offers", messages: ["b", "c"]),
            ])
            .description == "rejected: a; offers: b, c")
        #expect(
            KeitaroError.firewall(.init(isCloudflare: true, code: 1010, rayID: "8f1")).description
                == "turned away by Cloudflare, code 1010, ray 8f1")
    }
}

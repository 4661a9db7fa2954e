import Base
import HTTP
import Reactor

/// `/metrics`: for admins, and for a collector on the same machine without a token.
///
/// An admin's token needs no scope beyond reading, unlike on the routes of administrators: there are only numbers here, of nobody's
/// person and nobody's business, and a collector that had to hold the scope `admin` could do everything else with it.
package enum MetricsRoute {
    package static func route(_ sources: MetricSources) -> Route {
        var route = Route(.get, "/metrics", access: .known, summary: "Numbers for Prometheus") { request in
            if !isLocal(request) {
                guard let person = request[SignedIn.self] else {
                    throw HTTPError(.unauthorized, headers: [("WWW-Authenticate", "Bearer")])
                }
                guard person.user.role == .admin else { throw HTTPError(.forbidden) }
            }
            let text = MetricFamily.text(await sources.families())
            return Response(headers: [("Content-Type", MetricFamily.contentType)], body: Array(text.utf8))
        }
        route.description = RouteDescription(
            "Probes",
            detail: "For an admin's token, with the scope read, and for whoever asks from the same machine directly.",
            answers: [.content("text/plain", "Prometheus' text form, version 0.0.4.")],
            problems: [(.unauthorized, "Not from this machine, and without a token."), (.forbidden, "Not an admin.")])
        return route
    }

    /// From a loopback address and not through a proxy: behind one on the same machine every request comes from there.
    private static func isLocal(_ request: Request) -> Bool {
        guard request.header("x-forwarded-for") == nil, request.header("forwarded") == nil,
            request.header("x-real-ip") == nil, request.header("via") == nil
        else { return false }
        switch request.peer {
        case .v4(let number, _): return number >> 24 == 127
        case .v6(0, let low, _): return low == 1 || low >> 24 == 0xFFFF_7F
        case .v6, nil: return false
        }
    }
}

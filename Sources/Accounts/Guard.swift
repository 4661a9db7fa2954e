import Base
import Frame
import HTTP
import Views

/// Finds out who asks, and keeps out whoever may not: route by route, as the route table says.
package struct Guard: Sendable {
    package static let cookie = "sluice_session"

    let store: AccountStore
    let proxies: AddressList
    let log: Logger

    /// - Parameter proxies: whose word on a client's address is believed.
    package init(store: AccountStore, proxies: AddressList, log: Logger) {
        self.store = store
        self.proxies = proxies
        self.log = log
    }

    package var middleware: Middleware {
        { request, next in
            guard let route = request.route else {
                // A page that isn't there still wears its viewer's language and navigation, but never waits for the database.
                return try await next(request)
            }
            if route.access == .anyone { return try await next(request) }
            let needsPerson = route.access.needsPerson
            if needsPerson || request.cookie(Self.cookie) != nil || request.header("authorization") != nil {
                do {
                    if let person = try await identify(request) { attach(person, to: request) }
                } catch let refusal as AccountStore.TokenRefusal {
                    let problem = refusal.problem
                    if needsPerson { throw problem }
                    request[RefusedToken.self] = RefusedToken(problem: problem)
                } catch  where !needsPerson {
                    // The login page can be shown without knowing who looks.
                }
            }
            if needsPerson {
                guard let person = request[SignedIn.self] else { return try refuseStranger(request) }
                guard Self.admits(person.user.role, to: route.access) else { throw HTTPError(.forbidden) }
                try checkForgery(request, person)
            }
            // Also where strangers are served: a token never does more than its scopes name.
            if let person = request[SignedIn.self] { try Self.checkScope(person, route) }
            prepareAudit(request, route)
            try await recordExport(request, route)
            let response = try await next(request)
            if response.status.code < 400 { await recordLate(request, route) }
            return response
        }
    }

    /// RFC 6750 §3.1: a token that may not do this is told which scope would be needed.
    private static func checkScope(_ person: SignedIn, _ route: Route) throws {
        guard case .apiToken(_, let scopes) = person.proof else { return }
        let needed = TokenScope.needed(for: route)
        guard !scopes.contains(needed) else { return }
        throw Problem(
            .forbidden, Word("tokens.error.scope", ["scope": .string(needed.rawValue)]),
            title: Word("tokens.error.scope_title"), type: "/problems/scope",
            headers: [("WWW-Authenticate", "Bearer error=\"insufficient_scope\", scope=\"\(needed.rawValue)\"")],
            members: [("scope", .string(needed.rawValue))])
    }

    static func admits(_ role: Role, to access: Access) -> Bool {
        switch access {
        case .anyone, .known, .signedIn: true
        case .admin: role == .admin
        case .roles(let names): names.contains(role.rawValue)
        }
    }

    private func identify(_ request: Request) async throws -> SignedIn? {
        if request.header("authorization") != nil {
            guard let token = BearerToken.presented(in: request) else { return nil }
            guard let hash = BearerToken.hash(token) else { throw AccountStore.TokenRefusal.unknown }
            return try await store.apiToken(
                hash: hash, address: ClientAddress.of(request, trusting: proxies), requestID: request.id)
        }
        guard let hash = request.cookie(Self.cookie).flatMap({ BearerToken.hash($0) }) else { return nil }
        return try await store.session(tokenHash: hash)
    }

    private func attach(_ person: SignedIn, to request: Request) {
        request[SignedIn.self] = person
        guard case .session(_, let csrfToken) = person.proof else { return }
        request[Viewer.self] = Viewer(
            name: person.user.name, language: person.user.language, theme: person.user.theme, csrfToken: csrfToken,
            trackerName: person.key?.tracker.name ?? "", trackerHost: person.key?.tracker.host ?? "",
            trackerIsHealthy: person.key?.isRefused == false, isAdmin: person.user.role == .admin,
            readsFlows: Self.admits(person.user.role, to: .flowReaders))
    }

    /// Browsers go to the login page and come back; programs are told which header to send.
    private func refuseStranger(_ request: Request) throws -> Response {
        if request.wantsPage, request.method == .get || request.method == .head {
            let query = request.rawQuery.isEmpty ? "" : "?\(request.rawQuery)"
            return .redirect(to: "/users/login/?next=\(PercentCoding.encode(request.rawPath + query))", .found)
        }
        throw HTTPError(
            .unauthorized, headers: [("WWW-Authenticate", "Bearer")])
    }

    /// A state-changing request by cookie must repeat the session's token, in a header or a form field. Tokens are no cookie, so
    /// nobody can make a browser send one.
    private func checkForgery(_ request: Request, _ person: SignedIn) throws {
        guard !request.method.isSafe, case .session(_, let expected) = person.proof else { return }
        var given = request.header("x-csrf-token")
        if given == nil, !request.hasJSONContent { given = try request.form()["csrf_token"] }
        guard let given, ConstantTime.equal(given, expected) else {
            throw Problem(
                .forbidden, Word("error.csrf.detail"), title: Word("error.csrf.title"), type: "/problems/csrf")
        }
    }
}

extension Request {
    /// The person, on a route that needs one.
    package func person() throws -> SignedIn {
        guard let person = self[SignedIn.self] else { throw HTTPError(.unauthorized) }
        return person
    }

    /// The person's Keitaro key.
    /// - Throws: a problem when there is none to use.
    package func keitaroKey() throws -> KeitaroKey {
        let person = try person()
        guard let key = person.key else {
            if case .session = person.proof {
                throw Problem(
                    .conflict, Word("no_key.missing_text"), title: Word("no_key.missing_title"),
                    type: "/problems/no-keitaro-key")
            }
            throw HTTPError(
                .conflict, title: "This token has no Keitaro key.",
                detail: "Send one once: POST /users/login/ with this token and {\"api_key\": \"…\"}.",
                type: "/problems/no-keitaro-key")
        }
        return key
    }
}

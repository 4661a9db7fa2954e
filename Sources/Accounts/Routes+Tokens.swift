import Audit
import Base
import Frame
import HTTP
import Views

/// `/users/tokens/`: a person's own API tokens.
extension AccountRoutes {
    var tokenRoutes: [Route] {
        [
            Route(.get, "/users/tokens/", access: .signedIn, summary: "Own API tokens", handler: showTokens),
            Route(.post, "/users/tokens/", access: .signedIn, summary: "Make an API token", handler: makeToken),
            Route(
                .post, "/users/tokens/{id:int}/revoke/", access: .signedIn, summary: "Revoke an own API token",
                handler: revokeToken),
        ]
    }

    /// The choices of the page; programs name any number of days.
    private static let lifetimes: [Int64?] = [30, 90, 365, nil]

    @Sendable private func showTokens(_ request: Request) async throws -> Response { try await tokens(request) }

    private struct Made {
        let name: String
        let token: String
    }

    private func tokens(_ request: Request, made: Made? = nil, problem: String? = nil) async throws -> Response {
        let person = try request.person()
        let tokens = try await store.tokens(ofUser: person.user.id)
        guard request.wantsPage else {
            return .json(["tokens": .array(tokens.map(Self.json))])
        }
        let words = frame.words(for: request)
        let rows: [ViewValue] = tokens.reversed().map { token in
            [
                "token_id": .integer(token.id), "name": .string(token.name), "created": words.time(token.createdAt),
                "expires": words.time(token.expiresAt), "used": words.time(token.lastUsedAt),
                "used_address": ViewValue(token.lastUsedAddress),
                "is_over": .bool(token.isRevoked || token.isExpired), "is_revoked": .bool(token.isRevoked),
                "is_expired": .bool(token.isExpired && !token.isRevoked),
                "scopes": .list(token.scopes.map { ["scope_word": .string(words("tokens.scope.\($0)"))] }),
            ]
        }
        let grantable = TokenScope.grantable(by: person.user.role)
        let context: ViewValue = [
            "csrf_token": .string(request[Viewer.self]?.csrfToken ?? ""), "has_tokens": .bool(!rows.isEmpty),
            "tokens": .list(rows), "problem": ViewValue(problem),
            "made": made.map { ["name": .string($0.name), "token": .string($0.token)] } ?? nil,
            "choices": .list(
                TokenScope.allCases.filter { grantable.contains($0) && $0 != .read }.map { scope in
                    [
                        "value": .string(scope.rawValue),
                        "scope_word": .string(words("tokens.scope.\(scope.rawValue)")),
                        "hint": .string(words("tokens.scope_hint.\(scope.rawValue)")),
                    ]
                }),
            "lifetimes": .list(
                Self.lifetimes.map { days in
                    [
                        "value": .string(days.map { "\($0)d" } ?? ""), "is_current": .bool(days == 90),
                        "label": .string(
                            days.map { words("tokens.days", ["count": .integer($0)]) } ?? words("tokens.no_end")),
                    ]
                }),
        ]
        var response = try frame.page(
            "tokens", context, title: words("tokens.title"), at: .elsewhere, to: request,
            status: problem == nil ? .ok : .unprocessable)
        // It may hold a token that is shown once.
        response.set("Cache-Control", "no-store")
        return response
    }

    private static func json(_ token: AccountStore.TokenSummary) -> JSON {
        func time(_ time: Timestamp?) -> JSON { time.map { .string($0.iso8601) } ?? .null }
        return [
            "id": .integer(token.id), "name": .string(token.name), "scopes": .array(token.scopes.map { .string($0) }),
            "created_at": time(token.createdAt), "expires_at": time(token.expiresAt),
            "last_used_at": time(token.lastUsedAt),
            "last_used_address": token.lastUsedAddress.map { .string($0) } ?? .null,
            "state": .string(token.isRevoked ? "revoked" : token.isExpired ? "expired" : "active"),
        ]
    }

    /// Only a person makes tokens: one that leaked must not be able to make its own successor.
    @Sendable private func makeToken(_ request: Request) async throws -> Response {
        let person = try request.person()
        guard case .session = person.proof else {
            throw Problem(.forbidden, Word("tokens.error.by_token"), type: "/problems/scope")
        }
        let json: JSON? = request.hasJSONContent ? try request.json() : JSON?.none
        let fields = json == nil ? try request.form() : FormFields()
        let words = frame.words(for: request)
        func refused(_ field: String, _ word: Word) async throws -> Response {
            guard request.wantsPage else { throw Problem(.unprocessable, word, field: field) }
            return try await tokens(request, problem: words(word))
        }
        let name = String((json?["name"]?.stringValue ?? fields["name"] ?? "").trimmingSpaces())
        guard (1...80).contains(name.unicodeScalars.count), name.unicodeScalars.allSatisfy({ $0.value >= 32 }) else {
            return try await refused("name", Word("tokens.error.name"))
        }
        let named =
            json?["scopes"]?.arrayValue?.compactMap(\.stringValue) ?? fields.all("scopes")
        guard let scopes = TokenScope.set(named.joined(separator: " ")) else {
            return try await refused("scopes", Word("tokens.error.scopes"))
        }
        guard scopes.isSubset(of: TokenScope.grantable(by: person.user.role)) else {
            return try await refused("scopes", Word("tokens.error.beyond_role"))
        }
        let expires = json?["expires"]?.stringValue ?? fields["expires"] ?? ""
        let days = TokenLifetime.days(expires)
        guard expires.isEmpty || days != nil else {
            return try await refused("expires", Word("tokens.error.expires"))
        }
        let made = try await store.createToken(
            name: name, userID: person.user.id, scopes: scopes, days: days, by: try request.auditActor())
        if request.wantsPage { return try await tokens(request, made: Made(name: name, token: made.token)) }
        var response = Response.json([
            "id": .integer(made.id), "token": .string(made.token), "message": .string(words("tokens.made_once")),
        ])
        response.set("Cache-Control", "no-store")
        return response
    }

    @Sendable private func revokeToken(_ request: Request) async throws -> Response {
        let person = try request.person()
        let name = try await store.revoke(
            tokenID: try request.int("id"), ofUser: person.user.id, by: try request.auditActor())
        guard let name else { throw HTTPError(.notFound) }
        if request.wantsPage { return .redirect(to: "/users/tokens/") }
        return .json(["message": .string(frame.words(for: request)("tokens.revoked", ["name": .string(name)]))])
    }
}

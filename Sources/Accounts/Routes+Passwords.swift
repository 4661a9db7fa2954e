import Audit
import Base
import Frame
import HTTP
import Views

/// One-time links to choose a password by, and a person's own page about how they log in.
extension AccountRoutes {
    var passwordRoutes: [Route] {
        [
            Route(
                .get, "/users/invitation/", access: .known, summary: "Choose a password by a one-time link",
                handler: showInvitation),
            Route(
                .post, "/users/invitation/", access: .known, summary: "Set the password of a one-time link and log in",
                handler: choosePassword),
            Route(
                .get, "/users/settings/login/", access: .signedIn, summary: "Own Keitaro key and password",
                handler: showLoginSettings),
            Route(
                .post, "/users/settings/login/", access: .signedIn, summary: "Attach a Keitaro key to the account",
                handler: attachKey),
        ]
    }

    // MARK: One-time links

    /// The token stands in the query: paths are logged, queries are not.
    @Sendable private func showInvitation(_ request: Request) async throws -> Response {
        try await invitationPage(request, token: try request.query()["token"] ?? "")
    }

    private func invitationPage(
        _ request: Request, token: String, error: String? = nil, status: Status = .ok
    ) async throws -> Response {
        let words = frame.words(for: request)
        request[Viewer.self] = nil
        var invited: (userID: Int64, loginName: String)?
        if let hash = BearerToken.hash(token) { invited = try await store.invited(tokenHash: hash) }
        guard let invited else {
            throw Problem(.gone, Word("invitation.over_text"), title: Word("invitation.over_title"))
        }
        let nonce = request.cookie(LoginForm.cookie) ?? RandomBytes.token()
        let context: ViewValue = [
            "csrf_token": .string(form.token(for: nonce)), "token": .string(token),
            "login_name": .string(invited.loginName), "error": ViewValue(error), "request_id": .string(request.id),
            "minimum": .integer(Int64(PasswordRule.minimum)), "maximum": .integer(Int64(PasswordRule.maximum)),
            "hint": .string(words("invitation.hint", ["count": .integer(Int64(PasswordRule.minimum))])),
        ]
        var response = try frame.page(
            "invitation", context, title: words("invitation.page_title"), at: .elsewhere, to: request, status: status)
        response.set(SetCookie(LoginForm.cookie, nonce, maxAge: 86_400, isSecure: frame.isSecure))
        return response
    }

    @Sendable private func choosePassword(_ request: Request) async throws -> Response {
        let words = frame.words(for: request)
        let fields = try request.form()
        let token = fields["token"] ?? ""
        let password = fields["password"] ?? ""
        func refused(_ word: Word, _ status: Status) async throws -> Response {
            guard request.wantsPage else { throw Problem(status, word, field: "password") }
            return try await invitationPage(request, token: token, error: words(word), status: status)
        }
        guard form.isGenuine(fields["csrf_token"] ?? "", nonce: request.cookie(LoginForm.cookie)) else {
            return try await refused(Word("login.error.expired"), .forbidden)
        }
        let gone = Problem(.gone, Word("invitation.over_text"), title: Word("invitation.over_title"))
        // Looked up first: a wrong link is not worth the work of hashing.
        guard let hash = BearerToken.hash(token), let invited = try await store.invited(tokenHash: hash) else {
            throw gone
        }
        guard PasswordRule.allows(password) else {
            return try await refused(
                Word("invitation.too_short", ["count": .integer(Int64(PasswordRule.minimum))]), .unprocessable)
        }
        guard password.lowercased() != invited.loginName.lowercased() else {
            return try await refused(Word("invitation.same_as_name"), .unprocessable)
        }
        guard let made = await PasswordHashing.shared.make(Secret(password)) else {
            return try await refused(Word("login.error.busy_here"), .serviceUnavailable)
        }
        guard let chosen = try await store.choosePassword(made, invitation: hash, by: try request.auditActor())
        else { throw gone }
        return try await opened(
            request, userID: chosen.userID, role: chosen.role, keyID: nil, next: LoginForm.next(nil))
    }

    // MARK: Own login

    @Sendable private func showLoginSettings(_ request: Request) async throws -> Response {
        try await loginSettings(request)
    }

    private func loginSettings(
        _ request: Request, next: String? = nil, error: ViewValue = nil, status: Status = .ok
    ) async throws -> Response {
        let person = try request.person()
        let named = try await store.loginName(ofUser: person.user.id)
        let words = frame.words(for: request)
        guard request.wantsPage else {
            let key: JSON? = person.key.map {
                ["tracker": .string($0.tracker.name), "is_refused": .bool($0.isRefused)]
            }
            return .json([
                "name": .string(person.user.name), "role": .string(person.user.role.rawValue),
                "login_name": named.map { .string($0.name) } ?? .null,
                "password_set_at": named.map { .string($0.setAt.iso8601) } ?? .null, "keitaro_key": key ?? .null,
            ])
        }
        let trackers = try await store.trackers()
        let context: ViewValue = [
            "csrf_token": .string(request[Viewer.self]?.csrfToken ?? ""), "next": ViewValue(next), "error": error,
            "role": .string(words("role.\(person.user.role.rawValue)")), "person_name": .string(person.user.name),
            "reads_flows": .bool(person.user.role.reaches(.flowReaders)),
            "key": person.key.map { key in
                [
                    "tracker_name": .string(key.tracker.name),
                    "tracker_host": ViewValue(key.tracker.host == key.tracker.name ? nil : key.tracker.host),
                    "is_refused": .bool(key.isRefused),
                ]
            } ?? nil,
            "has_several_trackers": .bool(trackers.count > 1), "has_trackers": .bool(!trackers.isEmpty),
            "trackers": .list(
                trackers.map { tracker in
                    [
                        "tracker_key": .integer(tracker.id), "tracker_name": .string(tracker.name),
                        "is_current": .bool(tracker.id == person.key?.tracker.id),
                    ]
                }),
            "login_name": ViewValue(named?.name),
            "set_at": words.time(named?.setAt),
        ]
        return try frame.page(
            "login_settings", context, title: words("login_settings.title"), at: .elsewhere, to: request,
            status: status)
    }

    /// A new key joins the account of whoever enters it: so a key rotated in Keitaro stays with its person, with their drafts and
    /// history.
    @Sendable private func attachKey(_ request: Request) async throws -> Response {
        let person = try request.person()
        guard case .session(let tokenHash, _) = person.proof else {
            throw HTTPError(.conflict, detail: "A token is given a key by POST /users/login/.")
        }
        let words = frame.words(for: request)
        let json: JSON? = request.hasJSONContent ? try request.json() : JSON?.none
        let fields = json == nil ? try request.form() : FormFields()
        let tracker = json?["tracker"]?.intValue ?? fields["tracker"].flatMap { Int64($0) }
        var outcome = try await login.attempt(
            key: json?["api_key"]?.stringValue ?? fields["api_key"] ?? "", trackerID: tracker,
            address: ClientAddress.of(request, trusting: proxies), name: person.user.name, joining: person.user.id,
            by: try request.auditActor())
        if case .admitted(let userID, _) = outcome, userID != person.user.id {
            outcome = .refused(
                .conflict, title: Word("login_settings.taken_title"), detail: Word("login_settings.taken_detail"))
        }
        switch outcome {
        case .refused(let status, let title, let detail, let field):
            guard request.wantsPage else { throw Problem(status, detail, title: title, field: field) }
            let error: ViewValue = [
                "title": .string(title.map { words($0) } ?? ""), "detail": .string(words(detail)),
                "request_id": .string(request.id),
            ]
            return try await loginSettings(request, next: fields["next"], error: error, status: status)
        case .admitted(_, let keyID):
            try await store.use(keyID: keyID, inSession: tokenHash, by: try request.auditActor())
            if request.wantsPage {
                return .redirect(to: fields["next"].map { LoginForm.next($0) } ?? "/users/settings/login/")
            }
            return .json(["message": .string(words("login_settings.attached"))])
        }
    }
}

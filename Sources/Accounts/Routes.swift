import Audit
import Base
import Frame
import HTTP
import Keitaro
import Views

/// `/users/…`: login, logout, settings (seed 1).
package struct AccountRoutes: Sendable {
    let store: AccountStore
    let login: Login
    let passwords: PasswordLogin
    let form: LoginForm
    let frame: Frame
    let proxies: AddressList

    package init(
        store: AccountStore, trackers: KeitaroTrackers, frame: Frame, secretKey: SecretKey, proxies: AddressList,
        log: Logger
    ) {
        self.store = store
        self.frame = frame
        self.proxies = proxies
        login = Login(store: store, trackers: trackers, frame: frame, log: log)
        passwords = PasswordLogin(store: store, log: log)
        form = LoginForm(secretKey)
    }

    package var routes: [Route] {
        let own = [
            Route(.get, "/users/login/", access: .known, summary: "Login page", handler: showLogin),
            Route(
                .post, "/users/login/", access: .known,
                summary: "Log in with a Keitaro key or a name and password, or give a token a key",
                handler: logIn),
            Route(.get, "/users/logout/", access: .signedIn, summary: "Asks before logging out", handler: askLogout),
            Route(.post, "/users/logout/", access: .signedIn, summary: "Log out", handler: logOut),
            Route(
                .post, "/users/settings/", access: .signedIn, summary: "Name, language, theme", handler: saveSettings),
        ]
        return (own + passwordRoutes + tokenRoutes + auditRoutes).map { $0.described(in: Self.descriptions) }
    }

    // MARK: Login

    @Sendable private func showLogin(_ request: Request) async throws -> Response {
        let query = try request.query()
        let next = LoginForm.next(query["next"])
        if let language = query["lang"].flatMap({ Language(rawValue: $0) }) {
            var response = Response.redirect(to: "/users/login/?next=\(PercentCoding.encode(next))", .found)
            response.set(
                SetCookie(
                    "language", language.rawValue, maxAge: 31_536_000, isSecure: frame.isSecure, isHTTPOnly: false))
            return response
        }
        let words = frame.words(for: request)
        let notice = query["left"] == "1" ? words("login.logged_out") : nil
        return try await loginPage(
            request, next: next, byName: query["with"] == "password", notice: notice)
    }

    /// - Parameter byName: the form asks for a name and a password, not for a Keitaro key.
    private func loginPage(
        _ request: Request, next: String, byName: Bool, name: String? = nil, notice: String? = nil,
        error: ViewValue = nil, status: Status = .ok
    ) async throws -> Response {
        let words = frame.words(for: request)
        let nonce = request.cookie(LoginForm.cookie) ?? RandomBytes.token()
        let trackers = try await store.trackers()
        let values: [ViewValue] = trackers.enumerated().map { index, tracker in
            [
                "tracker_key": .integer(tracker.id), "tracker_name": .string(tracker.name),
                "tracker_host": ViewValue(tracker.host == tracker.name ? nil : tracker.host),
                "is_current": .bool(index == 0), "is_healthy": true,
                "health_text": nil,
            ]
        }
        var error = error
        if trackers.isEmpty, !byName, error == nil {
            error = ["title": "", "detail": .string(words("login.error.no_tracker")), "request_id": nil]
        }
        let context: ViewValue = [
            "csrf_token": .string(form.token(for: nonce)), "next": .string(next), "notice": ViewValue(notice),
            "by_name": .bool(byName), "login_name": .string(name ?? ""),
            "next_in_url": .string(PercentCoding.encode(next)),
            "has_several_trackers": .bool(trackers.count > 1), "trackers": .list(values),
            "tracker": values.first ?? nil, "error": error, "demo": .bool(frame.isDemo && !byName),
            "demo_keys": .list(frame.demoKeys.map { ["demo_key": .string($0)] }),
            "languages": .list(Frame.languages(current: request.language)),
        ]
        // The form stands alone, also for somebody who is logged in and wants to enter another key.
        request[Viewer.self] = nil
        var response = try frame.page(
            "login", context, title: words("login.page_title"), at: .elsewhere, to: request, status: status)
        response.set(SetCookie(LoginForm.cookie, nonce, maxAge: 86_400, isSecure: frame.isSecure))
        return response
    }

    @Sendable private func logIn(_ request: Request) async throws -> Response {
        let address = ClientAddress.of(request, trusting: proxies)
        if let person = request[SignedIn.self], case .apiToken(let tokenID, _) = person.proof {
            return try await giveKey(to: tokenID, person, request, address)
        }
        if request.header("authorization") != nil {
            throw request[RefusedToken.self]?.problem ?? HTTPError(.unauthorized)
        }
        let fields = try request.form()
        let next = LoginForm.next(fields["next"])
        let words = frame.words(for: request)
        guard form.isGenuine(fields["csrf_token"] ?? "", nonce: request.cookie(LoginForm.cookie)) else {
            return try await refusedPage(request, fields, nil, words("login.error.expired"), .forbidden)
        }
        if fields["with"] == "password" { return try await logInByName(request, fields, address) }
        let outcome = try await login.attempt(
            key: fields["api_key"] ?? "", trackerID: fields["tracker"].flatMap { Int64($0) }, address: address,
            name: Self.newName(words), joining: request[SignedIn.self]?.user.id, by: try request.auditActor())
        switch outcome {
        case .refused(let status, let title, let detail, let field):
            return try await refusedPage(
                request, fields, title.map { words($0) }, words(detail), status, field: field)
        case .admitted(let userID, let keyID):
            let role = try await store.role(ofUser: userID)
            return try await opened(request, userID: userID, role: role, keyID: keyID, next: next)
        }
    }

    private func logInByName(_ request: Request, _ fields: FormFields, _ address: String) async throws -> Response {
        let outcome = try await passwords.attempt(
            name: fields["name"] ?? "", password: fields["password"] ?? "", address: address)
        switch outcome {
        case .refused(let status, let detail):
            return try await refusedPage(request, fields, nil, frame.words(for: request)(detail), status)
        case .admitted(let userID, let role):
            return try await opened(
                request, userID: userID, role: role, keyID: nil, next: LoginForm.next(fields["next"]))
        }
    }

    /// A new session, and the way to the page that was wanted.
    /// - Parameter keyID: nil for whoever logged in by name.
    func opened(
        _ request: Request, userID: Int64, role: Role, keyID: Int64?, next: String
    ) async throws -> Response {
        let token = BearerToken.make()
        // What was chosen on the login page stays chosen.
        try await store.openSession(
            token: token, csrfToken: RandomBytes.token(), userID: userID, keyID: keyID,
            language: request.cookie("language").flatMap { Language(rawValue: $0) },
            theme: request.cookie("theme").flatMap { Theme(rawValue: $0) }, by: try request.auditActor())
        // The flow editor is where most go; who may not see it is led to a page of their own.
        let isClosed = next.hasPrefix("/campaigns/") && !Guard.admits(role, to: .flowReaders)
        var response = Response.redirect(to: isClosed ? "/users/settings/login/" : next)
        response.set(
            SetCookie(
                Guard.cookie, token, maxAge: Int(AccountStore.sessionDays) * 86_400, isSecure: frame.isSecure))
        response.set(SetCookie(LoginForm.cookie, "", maxAge: 0, isSecure: frame.isSecure))
        return response
    }

    private func refusedPage(
        _ request: Request, _ fields: FormFields, _ title: String?, _ detail: String, _ status: Status,
        field: String = "api_key"
    ) async throws -> Response {
        let byName = fields["with"] == "password"
        if !request.wantsPage {
            let field = byName ? "password" : field
            throw HTTPError(status, title: title, detail: detail, fields: [HTTPError.Field(field, detail)])
        }
        let error: ViewValue = [
            "title": .string(title ?? ""), "detail": .string(detail), "request_id": .string(request.id),
        ]
        return try await loginPage(
            request, next: LoginForm.next(fields["next"]), byName: byName, name: fields["name"], error: error,
            status: status)
    }

    /// A program's login: the key is checked and stays with the token.
    private func giveKey(to tokenID: Int64, _ person: SignedIn, _ request: Request, _ address: String) async throws
        -> Response
    {
        let body: JSON? = request.hasJSONContent ? try request.json() : JSON?.none
        let given = try body == nil ? request.form()["api_key"] : body?["api_key"]?.stringValue
        guard let key = given else { throw HTTPError.field("api_key", "api_key is missing: the Keitaro key as text.") }
        let tracker = try body == nil ? request.form()["tracker"].flatMap { Int64($0) } : body?["tracker"]?.intValue
        let outcome = try await login.attempt(
            key: key, trackerID: tracker, address: address, name: person.user.name, by: try request.auditActor())
        let words = frame.words(for: request)
        switch outcome {
        case .refused(let status, let title, let detail, let field):
            throw HTTPError(
                status, title: title.map { words($0) }, detail: words(detail),
                fields: [HTTPError.Field(field, words(detail))])
        case .admitted(_, let keyID):
            try await store.attach(keyID: keyID, toToken: tokenID, by: try request.auditActor())
            return .json(["message": "The token uses this Keitaro key from now on."])
        }
    }

    /// Keitaro doesn't say whose a key is, so a new account has a plain name until its owner writes a better one.
    private static func newName(_ words: Words) -> String { words("user.new_name") }

    // MARK: Logout, settings

    @Sendable private func askLogout(_ request: Request) async throws -> Response {
        let person = try request.person()
        let words = frame.words(for: request)
        let context: ViewValue = [
            "csrf_token": .string(request[Viewer.self]?.csrfToken ?? ""), "person_name": .string(person.user.name),
            "drafts_text": nil,
        ]
        return try frame.page("logout", context, title: words("logout.page_title"), at: .elsewhere, to: request)
    }

    @Sendable private func logOut(_ request: Request) async throws -> Response {
        guard case .session(let tokenHash, _) = try request.person().proof else {
            throw HTTPError(.conflict, detail: "A token is not logged out; revoke it with bin/sluice token revoke.")
        }
        // Whoever leaves to bring another key comes back to the page they left.
        let isJSON = request.hasJSONContent && !request.body.isEmpty
        let next = isJSON ? try request.json()["next"]?.stringValue : try request.form()["next"]
        try await store.closeSession(tokenHash: tokenHash, by: try request.auditActor())
        let login = "/users/login/?left=1" + (next.map { "&next=\(PercentCoding.encode(LoginForm.next($0)))" } ?? "")
        var response = request.wantsPage ? Response.redirect(to: login) : Response.json(["message": nil])
        response.set(SetCookie(Guard.cookie, "", maxAge: 0, isSecure: frame.isSecure))
        return response
    }

    @Sendable private func saveSettings(_ request: Request) async throws -> Response {
        let person = try request.person()
        let words = frame.words(for: request)
        let isJSON = request.hasJSONContent
        let json: JSON? = isJSON ? try request.json() : JSON?.none
        let fields = isJSON ? FormFields() : try request.form()
        func value(_ name: String) -> String? { json?[name]?.stringValue ?? fields[name] }
        let name = value("name").map { String($0.trimmingSpaces()) }
        if let name,
            !(1...80).contains(name.unicodeScalars.count) || name.unicodeScalars.contains(where: { $0.value < 32 })
        {
            throw Problem(.unprocessable, Word("error.settings.name"), field: "name")
        }
        let language = value("language")
        if let language, Language(rawValue: language) == nil {
            throw HTTPError.field("language", "language is one of en, uk, ru.")
        }
        let theme = value("theme")
        if let theme, theme != "auto", Theme(rawValue: theme) == nil {
            throw HTTPError.field("theme", "theme is one of auto, light, dark.")
        }
        try await store.saveSettings(
            userID: person.user.id, name: name, language: language.flatMap { Language(rawValue: $0) },
            theme: theme.flatMap { Theme(rawValue: $0) }, clearsTheme: theme == "auto", by: try request.auditActor())
        if request.wantsPage { return .redirect(to: LoginForm.next(fields["next"])) }
        return .json(["message": .string(words("toast.settings_saved"))])
    }
}

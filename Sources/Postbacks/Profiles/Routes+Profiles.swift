import Accounts
import Audit
import Base
import Frame
import HTTP
import Postgres
import Views

extension Access {
    /// Who sees postbacks: administrators and analysts all, buyers their own profiles'.
    package static let postbackReaders = Access.flowReaders
    package static let postbackWriters = Access.flowWriters
}

/// The postbacks desk: profiles, routes, the log. Receiving is elsewhere.
package struct PostbackDeskRoutes: Sendable {
    let store: PostbackDeskStore
    let frame: Frame
    let pages: PostbackPages
    /// As the outside sees this server, such as `https://desk.example`; nil: as the asker does.
    let publicURL: String?
    let intake: PostbackIntake
    let summaries = RecentSummaries()

    package init(
        database: Database, vault: PostbackVault, frame: Frame, publicURL: String?, intake: PostbackIntake
    ) {
        self.intake = intake
        store = PostbackDeskStore(database: database, vault: vault)
        self.frame = frame
        self.publicURL = publicURL
        pages = PostbackPages(frame: frame)
    }

    package var routes: [Route] { profileRoutes + routeRoutes + eventRoutes + trialRoutes + replayRoutes }

    private var profileRoutes: [Route] {
        [
            route(.get, "/postbacks/profiles/", "Postback profiles", list),
            route(.post, "/postbacks/profiles/", "Make a profile", add),
            route(.get, "/postbacks/profiles/{id:int}/", "One profile with its URL", one),
            route(.post, "/postbacks/profiles/{id:int}/", "Change a profile", edit),
            route(.post, "/postbacks/profiles/{id:int}/rotate/", "Give a profile a new secret", rotate),
            route(.post, "/postbacks/profiles/{id:int}/remove/", "Remove a profile", remove),
            route(.get, "/postbacks/chats/", "Chats that can be chosen", chats),
            route(.post, "/postbacks/chats/check/", "Try a chat again", checkChat),
        ]
    }

    func route(
        _ method: HTTP.Method, _ pattern: String, _ summary: String, effect: Effect? = nil, _ handler: @escaping Handler
    ) -> Route {
        let access: Access = method.isSafe ? .postbackReaders : .postbackWriters
        return Route(method, pattern, access: access, effect: effect, summary: summary) { request in
            var response = try await handler(request)
            // One address answers with a page, a piece of it, or JSON.
            response.set("Vary", "Accept, Sluice-Fragment")
            return response
        }.described(in: Self.descriptions)
    }

    // MARK: What every handler needs

    static let notFound = HTTPError(.notFound)

    func reader(_ request: Request) throws -> PostbackReader { PostbackReader(try request.person().user) }

    func editor(_ request: Request) throws -> PostbackDeskStore.Editor {
        let user = try request.person().user
        return PostbackDeskStore.Editor(
            userID: user.id, reader: PostbackReader(user), actor: try request.auditActor())
    }

    func wantsFragment(_ request: Request, _ name: String) -> Bool { request.header("sluice-fragment") == name }

    func canEdit(_ request: Request) -> Bool {
        (try? request.person().user.role.reaches(.postbackWriters)) ?? false
    }

    /// Nil for those who only read, and where the secret can no longer be read.
    func url(ofProfile id: Int64, _ request: Request) async throws -> String? {
        guard canEdit(request) else { return nil }
        do {
            let secret = try await store.secret(ofProfile: id, for: try reader(request))
            return secret.map { PostbackURL.make(base: publicURL ?? frame.base(request), secret: $0.reveal()) }
        } catch is CryptographyError {
            // Sealed with another SECRET_KEY: a new secret is the way on.
            return nil
        }
    }

    func profile(_ request: Request) async throws -> PostbackDeskStore.ListedProfile {
        guard let profile = try await store.profile(try request.int("id"), for: try reader(request)) else {
            throw Self.notFound
        }
        return profile
    }

    // MARK: Profiles

    @Sendable private func list(_ request: Request) async throws -> Response {
        let profiles = try await store.profiles(for: try reader(request))
        if request.wantsPage {
            let chats = try await store.chats(for: try reader(request))
            return try pages.profiles(profiles, chats: chats, canEdit: canEdit(request), to: request)
        }
        return .json(["profiles": .array(profiles.map { PostbackJSON.profile($0) })])
    }

    @Sendable private func add(_ request: Request) async throws -> Response {
        let json = try request.settings()
        let editor = try editor(request)
        var profile = PostbackProfile(id: 0, name: "", language: request.language.rawValue)
        if json["name"] == nil { throw SettingFields.refuse("name", "postbacks.refused.length", ["most": 80]) }
        try ProfileInput.apply(json, to: &profile)
        profile.trackerID = try request.person().key?.tracker.id
        try keyChange(json, request)(&profile)
        let id = try await store.add(profile, by: editor)
        return try await said("postbacks.said.created", id, request, status: .created)
    }

    @Sendable private func one(_ request: Request) async throws -> Response {
        let listed = try await profile(request)
        let url = try await url(ofProfile: listed.profile.id, request)
        if request.wantsPage {
            let chats = try await store.chats(for: try reader(request))
            return try pages.profile(
                listed, url: url, chats: chats, canEdit: canEdit(request),
                hasKey: try request.person().key != nil, to: request)
        }
        var response = Response.json(["profile": PostbackJSON.profile(listed, url: url)])
        // It holds a secret.
        response.set("Cache-Control", "no-store")
        return response
    }

    @Sendable private func edit(_ request: Request) async throws -> Response {
        let json = try request.settings()
        let id = try request.int("id")
        let setKey = try keyChange(json, request)
        let edited = try await store.edit(profile: id, by: try editor(request)) { profile in
            try ProfileInput.apply(json, to: &profile)
            setKey(&profile)
        }
        guard let edited else { throw Self.notFound }
        if !edited.isChanged { request[NothingChanged.self] = NothingChanged() }
        return try await said("postbacks.said.saved", id, request)
    }

    /// What `reconcile` asks for: with the Keitaro key of whoever asks, or not at all. The tracker stays then: it names what comes.
    private func keyChange(
        _ json: JSON, _ request: Request
    ) throws -> @Sendable (inout PostbackProfile) -> Void {
        let fields = SettingFields(json: json)
        guard fields.has("reconcile") else { return { _ in } }
        guard try fields.flag("reconcile") else { return { $0.keyID = nil } }
        let key = try request.keitaroKey()
        return { profile in
            profile.keyID = key.id
            profile.trackerID = key.tracker.id
        }
    }

    @Sendable private func rotate(_ request: Request) async throws -> Response {
        let fields = SettingFields(json: try request.settings())
        let hours = fields.has("grace_hours") ? try fields.number("grace_hours", 0...720) : 24
        let id = try request.int("id")
        let before = try await store.profile(id, for: try reader(request))
        guard
            try await store.rotateSecret(ofProfile: id, grace: .seconds(hours * 3_600), by: try editor(request)) != nil
        else { throw Self.notFound }
        return try await said(
            before?.oldSecretUntil == nil ? "postbacks.said.rotated" : "postbacks.said.rotated_again", id, request,
            ["count": .integer(Int64(hours))])
    }

    @Sendable private func remove(_ request: Request) async throws -> Response {
        guard let profile = try await store.remove(profile: try request.int("id"), by: try editor(request)) else {
            throw Self.notFound
        }
        return .json([
            "message": .string(
                frame.words(for: request)("postbacks.said.removed", ["name": .string(profile.name)]))
        ])
    }

    /// The profile as it is now, under a sentence.
    func said(
        _ word: String, _ id: Int64, _ request: Request, _ values: ViewObject = [:], status: Status = .ok
    ) async throws -> Response {
        guard let listed = try await store.profile(id, for: try reader(request)) else { throw Self.notFound }
        let url = try await url(ofProfile: id, request)
        var values = values
        values["name"] = .string(listed.profile.name)
        var response = Response.json(
            [
                "message": .string(frame.words(for: request)(word, values)),
                "profile": PostbackJSON.profile(listed, url: url),
            ], status: status)
        response.set("Cache-Control", "no-store")
        return response
    }

    // MARK: Chats

    @Sendable private func chats(_ request: Request) async throws -> Response {
        .json(["chats": .array(try await store.chats(for: try reader(request)).map(PostbackJSON.chat))])
    }

    @Sendable private func checkChat(_ request: Request) async throws -> Response {
        guard let chat = try SettingFields(json: try request.settings()).id("chat_id") else {
            throw SettingFields.refuse("chat_id", "postbacks.refused.chat")
        }
        guard try await store.forgetProblem(ofChat: chat, by: try editor(request)) else { throw Self.notFound }
        return .json(["message": .string(frame.words(for: request)("postbacks.said.checking"))])
    }
}

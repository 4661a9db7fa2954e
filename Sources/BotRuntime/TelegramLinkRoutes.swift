import Accounts
import Audit
import Base
import Frame
import HTTP
import Postgres
import Views

/// `/users/telegram/`: which Telegram accounts are a person's, and the link that adds one.
package struct TelegramLinkRoutes: Sendable {
    private let people: BotPeople
    private let frame: Frame
    private let bot: @Sendable () async -> BotName
    /// The demo's phone, with its chat in the query; nil elsewhere.
    private let phone: String?

    package init(
        database: Database, frame: Frame, bot: @escaping @Sendable () async -> BotName, phone: String? = nil
    ) {
        people = BotPeople(database: database, administrators: [])
        self.frame = frame
        self.bot = bot
        self.phone = phone
    }

    package var routes: [Route] {
        [
            Route(.get, "/users/telegram/", access: .signedIn, summary: "Own Telegram accounts", handler: show),
            Route(
                .post, "/users/telegram/", access: .signedIn, summary: "Make a link that adds a Telegram account",
                handler: makeLink),
            Route(
                .post, "/users/telegram/{id:int}/unlink/", access: .signedIn, summary: "Unlink an own Telegram account",
                handler: unlink),
        ].map { $0.described(in: Self.descriptions) }
    }

    private struct Link {
        let url: String
        let command: String
        let phoneURL: String?
        let until: Timestamp
    }

    @Sendable private func show(_ request: Request) async throws -> Response { try await answer(request) }

    private func answer(
        _ request: Request, link: Link? = nil, problem: Word? = nil, status: Status = .ok
    ) async throws -> Response {
        let accounts = try await people.accounts(of: try request.person().user.id)
        let bot = await bot()
        var name: String?
        if case .known(let known) = bot { name = known }
        guard request.wantsPage else {
            return .json([
                "bot": name.map { .string($0) } ?? .null,
                "state": .string(bot == .missing ? "missing" : name == nil ? "away" : "ready"),
                "accounts": .array(
                    accounts.map { account in
                        [
                            "id": .integer(account.id), "name": .string(account.name),
                            "username": .string(account.username), "linked_at": .string(account.linkedAt.iso8601),
                        ]
                    }),
            ])
        }
        let words = frame.words(for: request)
        let context: ViewValue = [
            "csrf_token": .string(request[Viewer.self]?.csrfToken ?? ""), "bot": ViewValue(name),
            "is_missing": .bool(bot == .missing), "is_away": .bool(bot == .away),
            "has_accounts": .bool(!accounts.isEmpty), "problem": ViewValue(problem.map { words($0) }),
            "accounts": .list(
                accounts.map { account in
                    [
                        "telegram_id": .integer(account.id),
                        "name": .string(account.name.isEmpty ? String(account.id) : account.name),
                        "username": ViewValue(account.username.isEmpty ? nil : account.username),
                        "linked": words.time(account.linkedAt),
                    ]
                }),
            "made": link.map { link in
                [
                    "url": .string(link.url), "command": .string(link.command),
                    "phone_url": ViewValue(link.phoneURL), "until": words.time(link.until),
                ]
            } ?? nil,
        ]
        var response = try frame.page(
            "telegram_link", context, title: words("telegram_link.title"), at: .elsewhere, to: request, status: status)
        // It may hold a link that is as good as a password.
        response.set("Cache-Control", "no-store")
        return response
    }

    /// Only a person makes links: a token that leaked must not outlive its end as somebody's Telegram.
    @Sendable private func makeLink(_ request: Request) async throws -> Response {
        let person = try request.person()
        guard case .session = person.proof else { throw Problem(.forbidden, Word("telegram_link.by_token")) }
        let username: String
        switch await bot() {
        case .known(let name): username = name
        case .away: return try await refused(.serviceUnavailable, Word("telegram_link.away"), request)
        case .missing: return try await refused(.conflict, Word("telegram_link.missing"), request)
        }
        let made = try await people.makeCode(for: person.user.id, by: try request.auditActor())
        let link = Link(
            url: "https://t.me/\(username)?start=\(made.word)", command: "/start \(made.word)",
            phoneURL: phone.map { "\($0)&text=%2Fstart%20\(made.word)" }, until: made.until)
        if request.wantsPage { return try await answer(request, link: link) }
        var response = Response.json([
            "url": .string(link.url), "command": .string(link.command), "expires_at": .string(link.until.iso8601),
            "message": .string(frame.words(for: request)("telegram_link.made_text")),
        ])
        response.set("Cache-Control", "no-store")
        return response
    }

    private func refused(_ status: Status, _ word: Word, _ request: Request) async throws -> Response {
        guard request.wantsPage else { throw Problem(status, word) }
        return try await answer(request, problem: word, status: status)
    }

    @Sendable private func unlink(_ request: Request) async throws -> Response {
        let person = try request.person()
        let name = try await people.unlink(
            try request.int("id"), of: person.user.id, by: try request.auditActor())
        guard let name else { throw HTTPError(.notFound) }
        if request.wantsPage { return .redirect(to: "/users/telegram/") }
        return .json(["message": .string(frame.words(for: request)("telegram_link.unlinked", ["name": .string(name)]))])
    }

    // MARK: Described

    private static let formToken = Shape.Member.optional("csrf_token", .text, "Forms only: the session's token.")

    private static let descriptions: [String: RouteDescription] = [
        "GET /users/telegram/": RouteDescription(
            "Session",
            answers: [
                .json(
                    .object([
                        .required("bot", .text.orNull, "The bot's name, without @."),
                        .required("state", .word("ready", "away", "missing"), "missing: no bot is set."),
                        .required(
                            "accounts",
                            .list(
                                of: .object([
                                    .required("id", .integer), .required("name", .text),
                                    .required("username", .text, "Without @; empty when there is none."),
                                    .required("linked_at", .time),
                                ]))),
                    ]), "The person's Telegram accounts."),
                .page("The same, with the button that makes a link."),
            ]),
        "POST /users/telegram/": RouteDescription(
            "Session",
            detail: """
                The link works once, for a quarter of an hour; the one made before ends. Whoever opens it and presses Start has the \
                person's rights in the bot from then on. Tokens can't make one.
                """,
            content: .init([formToken]),
            answers: [
                .json(
                    .object([
                        .required("url", .text(.uriReference), "Opens the bot in Telegram."),
                        .required("command", .text, "What the link sends to the bot; it may be sent by hand."),
                        .required("expires_at", .time), .required("message", .text),
                    ]), "The link."),
                .page("The page with the link."),
            ],
            problems: [
                (.conflict, "No bot is set: TELEGRAM_BOT_TOKEN."), (.forbidden, "Asked with a token."),
                (.serviceUnavailable, "Telegram does not answer, so the bot's name is not known."),
            ]),
        "POST /users/telegram/{id}/unlink/": RouteDescription(
            "Session", parameters: [.path("id", .integer, "Telegram's id of the account.")],
            content: .init([formToken]),
            answers: [
                .json(.object([.required("message", .text)]), "The bot does not know the account any more."),
                .redirect("The same, back to the page."),
            ],
            problems: [(.notFound, "It is none of the person's accounts.")]),
    ]
}

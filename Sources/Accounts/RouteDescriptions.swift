import Base
import HTTP

extension AccountRoutes {
    /// What `/users/…` takes and answers.
    static let descriptions = trailDescriptions.merging(loginDescriptions) { first, _ in first }

    private static let loginDescriptions: [String: RouteDescription] = [
        "GET /users/login/": RouteDescription(
            session, detail: "Also the way to choose a language before logging in.",
            parameters: [
                .query("next", .text(.uriReference), "Where to go afterwards: a path of this server."),
                .query("lang", .word("en", "uk", "ru"), "Chooses the page's language and comes back without it."),
                .query("left", .word("1"), "Says that somebody has just logged out."),
            ],
            answers: [.page("The form."), .redirect("The same page in the chosen language.", status: .found)]),
        "POST /users/login/": RouteDescription(
            session,
            detail: """
                With a bearer token the Keitaro key is checked and stays with the token. Without one this is the browser's form: \
                it needs the csrf_token of the login page and answers with a session cookie. Ten refused keys from one address \
                within fifteen minutes: 429 until they are over.
                """,
            content: .init([
                .optional("api_key", .text(.password), "A Keitaro API key; required but for a login by name."),
                .optional("tracker", .integer, "The id of the tracker, where the desk has several."),
                .optional("with", .word("key", "password"), "Forms only: password logs in by name."),
                .optional("name", .text, "Forms only: the name of a login by name."),
                .optional("password", .text(.password), "Forms only: its password."),
                .optional("next", .text(.uriReference), "Forms only: where to go afterwards."),
                .optional("csrf_token", .text, "Forms only: from the login page."),
            ]),
            answers: [
                .json(.object([.required("message", .text)]), "The token uses this key from now on."),
                .redirect("Logged in; the session's cookie is set."),
            ],
            problems: [
                (.unauthorized, "The token or the key is not accepted."),
                (.unprocessable, "The key is missing, or there is no such tracker."),
                (.tooManyRequests, "Too many refused keys; Retry-After says when to try again."),
            ]),
        "GET /users/logout/": RouteDescription(session, answers: [.page("Asks before logging out.")]),
        "POST /users/logout/": RouteDescription(
            session,
            content: .init([
                .optional("next", .text(.uriReference), "Where the next login leads."),
                .optional("csrf_token", .text, "Forms only: the session's token, unless X-CSRF-Token has it."),
            ]),
            answers: [
                .json(.object([.required("message", .text.orNull)]), "The session is over."),
                .redirect("The session is over; to the login page."),
            ],
            problems: [(.conflict, "Asked with a token, which is not logged out but revoked.")]),
        "POST /users/settings/": RouteDescription(
            session, detail: "What is absent stays as it is.",
            content: .init([
                .optional("name", .text(1...80), "As others see it."),
                .optional("language", .word("en", "uk", "ru")),
                .optional("theme", .word("auto", "light", "dark")),
                .optional("next", .text(.uriReference), "Forms only: where to go afterwards."),
                .optional("csrf_token", .text, "Forms only: the session's token."),
            ]),
            answers: [
                .json(.object([.required("message", .text)]), "Saved."), .redirect("Saved; back to the page."),
            ],
            problems: [(.unprocessable, "A value that is not allowed; nothing was saved.")]),
        "GET /users/invitation/": RouteDescription(
            session, parameters: [.query("token", .text, "From the one-time link.")],
            answers: [.page("The form for a password.")],
            problems: [(.gone, "The link was used, or is too old.")]),
        "POST /users/invitation/": RouteDescription(
            session,
            content: .init(
                [
                    .required("token", .text, "From the one-time link."),
                    .required("password", .text(.password), "The new password."),
                    .required("csrf_token", .text, "From the page."),
                    .optional("name", .text, "The login name, for the browser's list of passwords; not used."),
                ], types: [RouteDescription.Content.form]),
            answers: [.redirect("The password is set; the session's cookie is set.")],
            problems: [
                (.gone, "The link was used, or is too old."), (.unprocessable, "The password is not allowed."),
                (.forbidden, "The page was open for too long."), (.serviceUnavailable, "Too many passwords at once."),
            ]),
        "GET /users/settings/login/": RouteDescription(
            session,
            answers: [
                .json(
                    .object([
                        .required("name", .text), .required("role", .text), .required("login_name", .text.orNull),
                        .required("password_set_at", .time.orNull),
                        .required(
                            "keitaro_key",
                            .object([.required("tracker", .text), .required("is_refused", .bool)]).orNull),
                    ]), "How the person logs in."),
                .page("The same, with the form for a Keitaro key."),
            ]),
        "POST /users/settings/login/": RouteDescription(
            session, detail: "The key joins the person's account, with their drafts and history.",
            content: .init([
                .required("api_key", .text(.password), "A Keitaro API key."),
                .optional("tracker", .integer, "The id of the tracker, where the desk has several."),
                .optional("next", .text(.uriReference), "Forms only: where to go afterwards."),
                .optional("csrf_token", .text, "Forms only: the session's token."),
            ]),
            answers: [
                .json(.object([.required("message", .text)]), "The session uses this key from now on."),
                .redirect("The same, back to the page."),
            ],
            problems: [
                (.conflict, "The key is somebody else's, or this is a token's request."),
                (.forbidden, "Keitaro refuses the key."),
                (.unprocessable, "The key is missing, or there is no such tracker."),
                (.tooManyRequests, "Too many refused keys; Retry-After says when to try again."),
            ]),
    ]

    private static let session = "Session"
}

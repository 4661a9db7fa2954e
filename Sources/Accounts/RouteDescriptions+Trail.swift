import Base
import HTTP

extension AccountRoutes {
    /// What `/users/tokens/` and `/users/audit/` take and answer.
    static let trailDescriptions: [String: RouteDescription] = [
        "GET /users/tokens/": RouteDescription(
            tokens,
            answers: [
                .json(.object([.required("tokens", .list(of: token))]), "The person's tokens, without what they are."),
                .page("The same, with the form for a new one."),
            ]),
        "POST /users/tokens/": RouteDescription(
            tokens, detail: "A token makes no tokens: this is for sessions.",
            content: .init([
                .required("name", .text, "1 to 80 characters."),
                .optional(
                    "scopes", .list(of: .text),
                    "Of read, write, push, admin; each reads. A form repeats the field, or has words with spaces."),
                .optional("expires", .text, "A number of days from 1d to 3650d; without it the token has no end."),
                .optional("csrf_token", .text, "Forms only: the session's token."),
            ]),
            answers: [
                .json(
                    .object([
                        .required("id", .integer), .required("token", .text(.password), "Shown this once."),
                        .required("message", .text),
                    ]), "The new token."),
                .page("The page, with the new token shown once."),
                .page("The page, with what was refused.", status: .unprocessable),
            ],
            problems: [
                (.unprocessable, "A value that is not allowed; no token was made."),
                (.forbidden, "Asked with a token."),
            ]),
        "POST /users/tokens/{id}/revoke/": RouteDescription(
            tokens,
            parameters: [.path("id", .integer(0 ... .max), "The token's number, as the list has it.")],
            content: .init([.optional("csrf_token", .text, "Forms only: the session's token.")]),
            answers: [
                .json(.object([.required("message", .text)]), "The token opens nothing any more."),
                .redirect("The same, back to the page."),
            ],
            problems: [(.notFound, "The person has no such token that isn't revoked already.")]),
        "GET /users/audit/": RouteDescription(
            "Audit", detail: "Newest first, a hundred at a time. Rows are only added.",
            parameters: [
                .query("person", .text, "A part of a name, or the number of a user."),
                .query("action", .text, "The beginning of an action, such as campaigns.flow."),
                .query("from", .date, "The first day, in UTC."), .query("to", .date, "The last day, in UTC."),
                .query("q", .text, "A part of object, values, address or request."),
                .query("object", .text, "A part of what it was done to."),
                .query("before", .integer, "Only entries older than this one; see older."),
            ],
            answers: [
                .json(
                    .object([
                        .required("entries", .list(of: entry)),
                        .required("older", .text(.uriReference).orNull, "Where the next ones are."),
                    ]), "The entries."),
                .page("The same, with the form to search."),
            ],
            problems: [(.unprocessable, "A day that is none.")]),
        "GET /users/audit/export/": RouteDescription(
            "Audit", detail: "All that the search finds. The export is itself a line of the log.",
            parameters: [
                .query("person", .text, "As in the search."), .query("action", .text, "As in the search."),
                .query("object", .text, "As in the search."), .query("from", .date, "As in the search."),
                .query("to", .date, "As in the search."), .query("q", .text, "As in the search."),
            ],
            answers: [.content("text/csv", "The entries, newest first, a head line before them.")],
            problems: [(.unprocessable, "A day that is none.")]),
    ]

    private static let tokens = "Tokens"

    private static let token = Shape.object([
        .required("id", .integer), .required("name", .text), .required("scopes", .list(of: .text)),
        .required("created_at", .time), .required("expires_at", .time.orNull),
        .required("last_used_at", .time.orNull), .required("last_used_address", .text.orNull),
        .required("state", .word("active", "expired", "revoked")),
    ]).named("Token")

    private static let entry = Shape.object([
        .required("id", .integer), .required("at", .time),
        .required("user_id", .integer.orNull, "Null for the command line, and when the account is gone."),
        .required("person", .text, "The name at that time."), .required("token_id", .integer.orNull),
        .required("action", .text), .required("object", .text), .required("before", .text.orNull),
        .required("after", .text.orNull), .required("address", .text), .required("request_id", .text),
    ]).named("AuditEntry")
}

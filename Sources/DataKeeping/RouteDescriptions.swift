import Base
import HTTP

extension DataRoutes {
    /// What `/admin/data/…` takes and answers.
    static let descriptions: [String: RouteDescription] = [
        "GET /admin/data/": RouteDescription(
            data, parameters: [.query("done", .word("saved", "erased"), "What the page says was done.")],
            answers: [.json(DataJSON.overview, "Rules and people."), .page("The same, with forms.")]),
        "POST /admin/data/retention/": RouteDescription(
            data, detail: "What is older goes with the next daily sweep.",
            content: .init([
                .required("table", .text, "One that GET /admin/data/ lists."),
                .required("keep_days", .integer(1...36_500).orNull, "Null, or nothing in a form: for ever."),
                .optional("csrf_token", .text, "Forms only: the session's token."),
            ]),
            answers: [message("Saved."), .redirect("Saved; back to the page.")],
            problems: [(.unprocessable, "There is no such table, or the days are not allowed; nothing was saved.")]),
        "POST /admin/data/people/{id}/export/": RouteDescription(
            data,
            detail: """
                The person's row, and from every table that refers to it the rows that do, as "table.column". Hashes, sealed keys \
                and whatever is called a token, a password or a secret are left out.
                """,
            parameters: [person], content: .init([.optional("csrf_token", .text, "Forms only: the session's token.")]),
            answers: [
                .json(.object([.required("users", .object([]).andOthers)]).andOthers, "The data, as a file to keep.")
            ], problems: [(.notFound, "There is no such person.")]),
        "GET /admin/data/people/{id}/erase/": RouteDescription(
            data, parameters: [person],
            answers: [.json(DataJSON.person, "Who it is."), .page("Asks before erasing.")],
            problems: [(.notFound, "There is no such person.")]),
        "POST /admin/data/people/{id}/erase/": RouteDescription(
            data,
            detail: """
                The person, their Keitaro keys, sessions and tokens are removed. Their pushes stay, by nobody; in the audit log they \
                are a number.
                """,
            parameters: [person],
            content: .init([
                .required("confirm", .text, "The person's name."),
                .optional("csrf_token", .text, "Forms only: the session's token."),
            ]),
            answers: [message("Erased."), .redirect("Erased; back to the page.")],
            problems: [
                (.notFound, "There is no such person."), (.unprocessable, "The name is another."),
                (.conflict, "It is the asker, or a push of theirs is under way."),
            ]),
    ]

    private static let data = "Data"
    private static let person = RouteDescription.Parameter.path("id", .integer(0 ... .max), "The person's number.")

    private static func message(_ note: String) -> RouteDescription.Answer {
        .json(.object([.required("message", .text)]), note)
    }
}

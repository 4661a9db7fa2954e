import Base
import HTTP
import StoredObjects

extension AdminRoutes {
    private typealias Parameter = RouteDescription.Parameter

    private static let tag = "Administration"
    private static let object = Parameter.path("object", .text, "A kind of stored thing, as GET /admin/ names it.")
    private static let key = Parameter.path("key", .text, "Its key, as the list gives it.")
    private static let action = Parameter.path("action", .text, "One of the thing's actions.")
    private static let notFound: (status: Status, note: String) = (.notFound, "No such thing, or not for this person.")
    private static let refused: (status: Status, note: String) = (
        .unprocessable, "A value or an act that is not allowed; nothing was changed."
    )
    private static let csrf = Shape.Member.optional("csrf_token", .text, "Forms only: the session's token.")

    private static let row = Shape.object([
        .required("object", .text), .required("key", .text), .required("label", .text, "What it is called."),
        .required("fields", Shape.object([]).andOthers, "Values by field; what is kept secret is true when it is set."),
        .required("links", Shape.object([]).andOthers, "Addresses of what fields name."),
        .required("mark", .text, "Names these values; an edit that sends it is refused when they changed meanwhile."),
        .required("editable", .list(of: .text)),
        .required(
            "actions", .list(of: .object([.required("name", .text), .required("is_destructive", .bool)])),
            "What may be done to it now."),
        .required("message", .text.orNull),
    ]).named("StoredThing")

    private static let done = Shape.object([
        .optional("key", .text), .required("message", .text),
        .required("link", .text(.uriReference).orNull, "A one-time link, shown this once."),
    ]).named("StoredThingDone")

    private static let goesWith = Shape.list(
        of: .object([
            .required("name", .text), .required("count", .integer),
            .required("stays", .bool, "It stays, without what it named."),
        ]))

    /// What `/admin/…` takes and answers.
    static let descriptions: [String: RouteDescription] = [
        "GET /admin/": RouteDescription(
            tag, detail: "Those that the person's role may read, with counts up to ten thousand.",
            answers: [
                .json(
                    .object([
                        .required(
                            "objects",
                            .list(
                                of: .object([
                                    .required("name", .text), .required("title", .text),
                                    .required("group", .word(StoredObject.Group.allCases.map(\.rawValue))),
                                    .required("count", .integer), .required("has_more", .bool),
                                ])))
                    ]), "The kinds."),
                .page("The same."),
            ]),
        "GET /admin/{object}/": RouteDescription(
            tag,
            detail: "Fifty at a time. Fields of few values, and those that name another thing, filter by their name.",
            parameters: [
                object, .query("q", .text(0...200), "A part of the key or of a field that is searched."),
                .query("sort", .text, "A field."), .query("dir", .word("asc", "desc")),
                .query("page", .integer(1...200)),
            ],
            answers: [
                .json(
                    .object([
                        .required("object", .text), .required("total", .integer), .required("has_more", .bool),
                        .required("page", .integer), .required("next", .text(.uriReference).orNull),
                        .required(
                            "rows",
                            .list(
                                of: Shape.object([.required("key", .text), .required("label", .text)]).andOthers)),
                    ]), "What was found."),
                .page("The same, with the form to search."),
            ], problems: [notFound]),
        "GET /admin/{object}/new/": RouteDescription(
            tag, parameters: [object],
            answers: [
                .json(.object([.required("fields", .list(of: .text))]), "What a new one needs."), .page("The form."),
            ],
            problems: [notFound]),
        "POST /admin/{object}/new/": RouteDescription(
            tag, detail: "A new person gets a one-time link to choose a password by.", parameters: [object],
            content: .init(
                [
                    .optional("login_name", .text, "Of a person: the name to log in by."),
                    .optional("role", .text, "Of a person."), csrf,
                ], isOpen: true),
            answers: [
                .json(done, "It is made."), .page("It is made; the link is shown this once."),
                .redirect("It is made; to its page."), .page("What was refused.", status: .unprocessable),
                .page("What was refused.", status: .conflict),
            ], problems: [notFound, refused, (.conflict, "Somebody has the name.")]),
        "GET /admin/{object}/{key}/": RouteDescription(
            tag, parameters: [object, key],
            answers: [.json(row, "The thing."), .page("The same, with the form to edit it.")],
            problems: [notFound]),
        "POST /admin/{object}/{key}/": RouteDescription(
            tag, detail: "Takes the fields that the thing's editable names; what is absent stays as it is.",
            parameters: [object, key],
            content: .init([.optional("mark", .text, "See the thing's mark."), csrf], isOpen: true),
            answers: [
                .json(row, "Saved."), .redirect("Saved; back to its page."),
                .page("What was refused.", status: .unprocessable), .page("What was refused.", status: .conflict),
            ],
            problems: [notFound, refused, (.conflict, "It changed meanwhile, or the value is another one's.")]),
        "GET /admin/{object}/{key}/{action}/": RouteDescription(
            tag, parameters: [object, key, action],
            answers: [
                .json(
                    .object([
                        .required("object", .text), .required("key", .text), .required("action", .text),
                        .required("question", .text), .required("is_destructive", .bool),
                        .required("goes_with", goesWith),
                    ]), "What it would do."),
                .page("Asks."),
            ], problems: [notFound, (.conflict, "It may not be done now.")]),
        "POST /admin/{object}/{key}/{action}/": RouteDescription(
            tag,
            detail:
                "What is destructive asks first: without confirm it is a conflict that names what would go with it.",
            parameters: [object, key, action],
            content: .init([.optional("confirm", .bool, "Needed for what is destructive."), csrf]),
            answers: [
                .json(done, "It is done."), .page("It is done; the link is shown this once."),
                .redirect("It is done, or the page that asks."),
            ],
            problems: [notFound, refused, (.conflict, "Not confirmed (/problems/confirm), or it may not be done now.")]),
    ]
}

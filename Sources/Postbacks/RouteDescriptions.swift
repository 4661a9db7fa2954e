import Base
import HTTP

extension PostbackDeskRoutes {
    private typealias Parameter = RouteDescription.Parameter
    private typealias Problem = (status: Status, note: String)

    /// What `/postbacks/…` takes and answers, by the route's name.
    static let descriptions: [String: RouteDescription] = profiles.merging(chatRoutes) { first, _ in first }
        .merging(routeEdits) { first, _ in first }.merging(log) { first, _ in first }
        .merging(trials) { first, _ in first }

    private static let profileID = Parameter.path("id", .integer(0 ... .max), "The profile's id.")
    private static let routeID = Parameter.path("id", .integer(0 ... .max), "The route's id.")
    private static let place = Parameter.path("place", .text, "The postback's place, or its id.")
    private static let unknown: Problem = (.notFound, "No such thing, or not for this person.")
    private static let refused: Problem = (.unprocessable, "A value can't be; errors name it.")

    private static let profileFields: [Shape.Member] = [
        .optional("name", .text(1...80)), .optional("chat_id", .integer.orNull), .optional("topic_id", .integer.orNull),
        .optional("language", .word("en", "uk", "ru")), .optional("enabled", .bool, "False: paused."),
        .optional("rate_limit_rps", .integer(1...1_000)),
        .optional("dedup_ttl_sec", .integer(0...2_592_000), "Seconds in which an equal postback is a duplicate."),
        .optional(
            "status_mappings", .object([]).andOthers,
            "All of them: {\"qualified\": \"registration\"}. Keitaro's or the network's word to ours."),
        .optional(
            "policies", .object([]).andOthers,
            "All of them, by status: new, new_repeated, ignore, update, increment or ignore_same_event."),
        .optional("templates", .object([]).andOthers, "All of them, by status; the usual text where none is written."),
        .optional("reconcile", .bool, "With the asking person's Keitaro key, which then reads the conversion log."),
    ]

    private static let profiles: [String: RouteDescription] = [
        "GET /postbacks/profiles/": RouteDescription(
            "Postbacks", detail: "Administrators and analysts see all, buyers their own.",
            answers: [.json(PostbackShapes.profiles, "The profiles."), .page("The page, for browsers.")]),
        "POST /postbacks/profiles/": RouteDescription(
            "Postbacks", content: .init([.required("name", .text(1...80))] + profileFields.dropFirst()),
            answers: [.json(PostbackShapes.saidProfile, "The profile with its URL.", status: .created)],
            problems: [refused]),
        "GET /postbacks/profiles/{id}/": RouteDescription(
            "Postbacks", parameters: [profileID],
            answers: [.json(PostbackShapes.oneProfile, "The profile."), .page("The page, for browsers.")],
            problems: [unknown]),
        "POST /postbacks/profiles/{id}/": RouteDescription(
            "Postbacks", detail: "Members that are left out stay as they are.", parameters: [profileID],
            content: .init(profileFields), answers: [.json(PostbackShapes.saidProfile, "The profile as it is now.")],
            problems: [unknown, refused]),
        "POST /postbacks/profiles/{id}/rotate/": RouteDescription(
            "Postbacks",
            detail: """
                The secret before is accepted for a while, so that Keitaro can be changed meanwhile; one before that no more.
                """,
            parameters: [profileID],
            content: .init([.optional("grace_hours", .integer(0...720), "24 unless given.")]),
            answers: [.json(PostbackShapes.saidProfile, "The profile with its new URL.")],
            problems: [unknown, refused]),
        "POST /postbacks/profiles/{id}/remove/": RouteDescription(
            "Postbacks", detail: "With its routes. What it received stays in the log.", parameters: [profileID],
            content: .init([]), answers: [.json(PostbackShapes.said, "It is gone.")], problems: [unknown]),
    ]

    private static let chatRoutes: [String: RouteDescription] = [
        "GET /postbacks/chats/": RouteDescription(
            "Postbacks", answers: [.json(PostbackShapes.chats, "Chats the bot knows, or that somebody named.")]),
        "POST /postbacks/chats/check/": RouteDescription(
            "Postbacks", detail: "What waits for the chat is tried again at once.",
            content: .init([.required("chat_id", .integer)]),
            answers: [.json(PostbackShapes.said, "It is tried.")], problems: [unknown, refused]),
    ]

    static let routeFields: [Shape.Member] = [
        .optional("name", .text(0...80)), .optional("priority", .integer(0...1_000_000), "The lowest first."),
        .optional("match", .word("campaign_id", "source", "any")), .optional("match_value", .text(0...200)),
        .optional("statuses", .list(of: .text), "Empty: all."), .optional("countries", .list(of: .text), "Empty: all."),
        .optional("chat_id", .integer), .optional("topic_id", .integer.orNull),
        .optional("language", Shape.word("en", "uk", "ru").orNull, "Null: the profile's."),
        .optional("quiet_from", .text.orNull, "HH:MM; null with quiet_until for no quiet hours."),
        .optional("quiet_until", .text.orNull, "HH:MM"), .optional("quiet_zone", .text.orNull, "An IANA name."),
        .optional(
            "quiet_mode", Shape.word("silent", "digest").orNull, "Sent without a sound, or held and told in one."),
        .optional("continues", .bool), .optional("enabled", .bool),
    ]

    private static let routeEdits: [String: RouteDescription] = [
        "GET /postbacks/routes/": RouteDescription(
            "Postbacks", answers: [.json(PostbackShapes.routes, "The routes."), .page("The page, for browsers.")]),
        "POST /postbacks/profiles/{id}/routes/": RouteDescription(
            "Postbacks", parameters: [profileID],
            content: .init(
                routeFields.filter { $0.name != "chat_id" } + [.required("chat_id", .integer)]),
            answers: [.json(PostbackShapes.saidRoute, "The route.", status: .created)], problems: [unknown, refused]),
        "GET /postbacks/routes/{id}/": RouteDescription(
            "Postbacks", parameters: [routeID], answers: [.json(PostbackShapes.oneRoute, "The route.")],
            problems: [unknown]),
        "POST /postbacks/routes/{id}/": RouteDescription(
            "Postbacks", detail: "Members that are left out stay as they are.", parameters: [routeID],
            content: .init(routeFields), answers: [.json(PostbackShapes.saidRoute, "The route as it is now.")],
            problems: [unknown, refused]),
        "POST /postbacks/routes/{id}/remove/": RouteDescription(
            "Postbacks", parameters: [routeID], content: .init([]),
            answers: [.json(PostbackShapes.said, "It is gone.")], problems: [unknown]),
    ]

    // MARK: Trying

    private static let trials: [String: RouteDescription] = [
        "POST /postbacks/profiles/{id}/try/": RouteDescription(
            "Postbacks",
            detail: """
                Reads what the profile received in the last days as it would be read and told with other settings. Nothing is \
                sent and nothing saved. At most 100,000 of the newest are read.
                """,
            parameters: [profileID],
            content: .init(
                [
                    .optional("days", .integer(1...90), "7 unless given."),
                    .optional("timezone", .text(1...64), "Whose days are counted."),
                    .optional("profile", .object(profileFields), "What of the profile would change."),
                    .optional(
                        "route", .object([.optional("id", .integer.orNull)] + routeFields),
                        "A route that would change, with its id, or a new one."),
                    .optional("remove_route", .integer, "The id of a route that would go."),
                ], types: [RouteDescription.Content.json]),
            answers: [.json(PostbackShapes.trial, "What would be told, and where.")], problems: [unknown, refused]),
        "POST /postbacks/profiles/{id}/preview/": RouteDescription(
            "Postbacks", parameters: [profileID],
            content: .init([
                .optional("status", .text(1...40)), .optional("template", .text, "Blank: the usual text."),
                .optional("language", Shape.word("en", "uk", "ru").orNull),
            ]),
            answers: [.json(.object([.required("html", .text), .required("text", .text)]), "The message.")],
            problems: [unknown, refused]),
        "POST /postbacks/profiles/{id}/test/": RouteDescription(
            "Postbacks", detail: "It is told as a real one is, and counts for nothing.", parameters: [profileID],
            content: .init([.optional("status", .word(ProfileInput.statuses), "deposit unless given.")]),
            answers: [.json(PostbackShapes.said, "It was received.")], problems: [unknown, refused]),
        "POST /postbacks/replay/": RouteDescription(
            "Postbacks",
            detail: """
                With the settings of now, for instance after a mapping was added. Nothing counts twice: what has counted already changes \
                its conversion's status alone.
                """,
            content: .init(
                [
                    .optional("events", .list(of: .text, count: 1...1_000), "Places or ids; or filter instead."),
                    .optional(
                        "filter",
                        .object([
                            .optional("profile", .text(0...20)), .optional("outcome", .text(0...20)),
                            .optional("status", .text(0...100), "The word that was sent."),
                            .optional("q", .text(0...200)), .optional("from", .text(0...40)),
                            .optional("to", .text(0...40)),
                        ]), "As of /postbacks/raw/: all that fit, oldest first, five hundred in one request."),
                    .optional("after", .text(0...64), "With filter: more of the answer before."),
                    .optional("tell", .bool, "Whether chats are told."),
                ]),
            answers: [
                .json(
                    .object([
                        .required("message", .text), .required("replayed", PostbackShapes.count),
                        .required("unchanged", PostbackShapes.count), .required("missing", PostbackShapes.count),
                        .required("refused", PostbackShapes.count, "Tests, which are not read again."),
                        .required("more", .text.orNull, "With filter: there may be more behind this place."),
                    ]), "What was read anew.")
            ], problems: [refused]),
    ]

    // MARK: The log

    private static let range: [Parameter] = [
        .query("profile", .integer, "Only this profile's."),
        .query("outcome", .word(EventQuestion.Outcome.allCases.map(\.rawValue))),
        .query("from", .text(0...40), "A time, or a day of UTC."),
        .query("to", .text(0...40), "Not this time any more."),
    ]
    private static let question: [Parameter] =
        range + [
            .query("status", .text(0...100), "A status of ours, or other."),
            .query("delivery", .word(EventQuestion.Delivery.allCases.map(\.rawValue))),
            .query("campaign", .text(0...100), "Keitaro's id."),
            .query("q", .text(0...200), "A click, a transaction, or a part of a name."),
        ]
    private static let rawQuestion: [Parameter] =
        range + [
            .query("status", .text(0...100), "The word that was sent."),
            .query("q", .text(0...200), "A click, or any part of the request."),
        ]
    private static let before = Parameter.query("before", .text(0...64), "Only older than this place; see older.")

    private static let log: [String: RouteDescription] = [
        "GET /postbacks/": RouteDescription(
            "Postbacks", detail: "A hundred at a time.", parameters: question + [before],
            answers: [.json(PostbackShapes.events, "The postbacks."), .page("The page, for browsers.")],
            problems: [refused]),
        "GET /postbacks/live/": RouteDescription(
            "Postbacks",
            detail: """
                Server-sent events called events: {"events": […], "gone": […], "skipped": 0, "summary": {…}} with each postback that is \
                new or whose delivery has changed, among the newest hundred that fit; gone has the ids of those that fit no more, and \
                skipped says how many came too fast to be among them. The first event tells all hundred: from the place whole_from on \
                nothing else fits. The summary, of the last hour, may come by itself behind the postbacks. After three minutes an \
                event called end says that the line is over, for rights are looked at where one begins: connect again. \
                Last-Event-ID goes on where a line ended.
                """,
            parameters: question + [
                .query("after", .text(0...64), "The place of the newest one that is known; skipped counts from there."),
                .query("html", .word("1"), "Each with its row of the page."),
                .query("once", .word("1"), "Ends after the first look: for programs that ask from time to time."),
            ], answers: [.content("text/event-stream", "The stream.")], problems: [refused]),
        "GET /postbacks/summary/": RouteDescription(
            "Postbacks",
            answers: [.json(PostbackShapes.summary, "The numbers."), .page("The strip, with Sluice-Fragment.")]),
        "GET /postbacks/export/": RouteDescription(
            "Postbacks", parameters: question, answers: [.content("text/csv", "All that fits, newest first.")],
            problems: [refused]),
        "GET /postbacks/charts/": RouteDescription(
            "Postbacks", detail: "Conversions by the time of their first postback, under their present status.",
            parameters: [
                .query("by", .word(ChartQuestion.By.allCases.map(\.rawValue))),
                .query("days", .word("1", "7", "30"), "One day is cut into hours."),
                .query("timezone", .text(1...64), "An IANA name; UTC unless given."),
                .query("profile", .integer),
            ], answers: [.json(PostbackShapes.chart, "The series."), .page("The page, for browsers.")],
            problems: [refused]),
        "GET /postbacks/raw/": RouteDescription(
            "Postbacks", detail: "Requests without their secrets.", parameters: rawQuestion + [before],
            answers: [.json(PostbackShapes.rawRequests, "The requests."), .page("The page, for browsers.")],
            problems: [refused]),
        "GET /postbacks/events/{place}/": RouteDescription(
            "Postbacks", parameters: [place],
            answers: [
                .json(PostbackShapes.wholeEvent, "The postback."),
                .page("The page, for browsers; with Sluice-Fragment its panel alone."),
            ],
            problems: [unknown]),
        "POST /postbacks/events/{place}/resend/": RouteDescription(
            "Postbacks", detail: "Failed messages are tried again; if there are none, told ones are told again.",
            parameters: [place], content: .init([]), answers: [.json(PostbackShapes.resent, "They are in the queue.")],
            problems: [unknown]),
    ]
}

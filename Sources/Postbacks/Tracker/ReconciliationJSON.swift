import Base
import HTTP

/// The API's reconciliation and installation, and how they look.
enum ReconciliationJSON {
    static func page(
        _ silences: [ReconciliationStore.Silence], _ days: [ReconciliationStore.Day],
        _ differences: [ReconciliationStore.StoredDifference], older: String?
    ) -> JSON {
        [
            "silences": .array(silences.map(silence)), "days": .array(days.map(day)),
            "differences": .array(differences.map(difference)),
            "older": older.map { .string($0) } ?? .null,
        ]
    }

    private static func silence(_ silence: ReconciliationStore.Silence) -> JSON {
        [
            "profile_id": .integer(silence.profileID), "profile": .string(silence.profileName),
            "since": .string(silence.since.iso8601),
            "announced_at": silence.announcedAt.map { .string($0.iso8601) } ?? .null,
        ]
    }

    private static func day(_ day: ReconciliationStore.Day) -> JSON {
        [
            "profile_id": .integer(day.profileID), "profile": .string(day.profileName), "day": .string(day.day),
            "theirs": .integer(Int64(day.theirs)), "ours": .integer(Int64(day.ours)),
            "matching": .integer(Int64(day.matching)),
            "never_arrived": .integer(Int64(day.open["never_arrived"] ?? 0)),
            "status_lag": .integer(Int64(day.open["status_lag"] ?? 0)),
            "amount": .integer(Int64(day.open["amount"] ?? 0)),
            "unknown_click": .integer(Int64(day.open["unknown_click"] ?? 0)),
            "recovered": .integer(Int64(day.recovered)), "came_late": .integer(Int64(day.settled)),
            "gap_percent": day.gapPercent.map { .number(($0 * 100).rounded() / 100) } ?? .null,
            "warned": .integer(Int64(day.warned)), "unheard": .integer(Int64(day.unheard)),
            "checked_at": .string(day.checkedAt.iso8601),
            "error": day.error.map { .string($0) } ?? .null,
        ]
    }

    private static func difference(_ difference: ReconciliationStore.StoredDifference) -> JSON {
        [
            "id": .integer(difference.id), "profile_id": .integer(difference.profileID), "day": .string(difference.day),
            "kind": .string(difference.kind.rawValue), "click_id": .string(difference.clickID),
            "transaction_id": .string(difference.transactionID), "theirs": difference.theirs,
            "ours": difference.ours ?? .null, "found_at": .string(difference.foundAt.iso8601),
            "recovered_at": difference.recoveredAt.map { .string($0.iso8601) } ?? .null,
            "settled_at": difference.settledAt.map { .string($0.iso8601) } ?? .null,
            "event_id": difference.recoveredAt == nil ? .null : difference.eventID.map { .string($0) } ?? .null,
        ]
    }

    static func installation(_ places: [InstalledPostbacks.Place], _ shown: TrackerRoutes.ShownPlan?) -> JSON {
        ["places": .array(places.map(place)), "plan": shown.map(plan) ?? .null]
    }

    private static func place(_ place: InstalledPostbacks.Place) -> JSON {
        [
            "kind": .string(place.kind.rawValue), "id": .integer(place.id), "name": .string(place.name),
            "statuses": .array(place.statuses.sorted().map { .string($0) }), "since": .string(place.since.iso8601),
            "gone_at": place.goneAt.map { .string($0.iso8601) } ?? .null,
        ]
    }

    private static func plan(_ shown: TrackerRoutes.ShownPlan) -> JSON {
        [
            "kind": .string(shown.kind.rawValue), "id": .integer(shown.id), "name": .string(shown.name),
            "deed": .string(shown.plan.deed.rawValue), "revision": .string(shown.plan.revision),
            "postbacks": .array(shown.plan.lines.map(line)),
        ]
    }

    private static func line(_ line: PostbackInstallation.Line) -> JSON {
        [
            "fate": .string(line.fate.rawValue), "address": .string(line.address), "method": .string(line.method),
            "ours": .bool(line.isOurs), "statuses": .array(line.statuses.map { .string($0) }),
        ]
    }

    // MARK: Shapes

    private static let count = Shape.integer(0 ... .max)
    private static let kind = Shape.word(ConversionDifference.Kind.allCases.map(\.rawValue))

    static let pageShape = Shape.object([
        .required(
            "silences",
            .list(
                of: .object([
                    .required("profile_id", .integer), .required("profile", .text),
                    .required("since", .time, "Of its last conversion."),
                    .required("announced_at", .time.orNull, "Null: there is nobody to tell."),
                ])), "Profiles that used to convert and stopped."),
        .required(
            "days",
            .list(
                of: .object([
                    .required("profile_id", .integer), .required("profile", .text), .required("day", .date),
                    .required("theirs", count, "Conversions in Keitaro's log that were to be posted here."),
                    .required("ours", count), .required("matching", count, "Arrived, with the same status and amount."),
                    .required("never_arrived", count, "Not filled in yet."), .required("status_lag", count),
                    .required("amount", count), .required("unknown_click", count),
                    .required("recovered", count, "Filled in from Keitaro's log."),
                    .required("came_late", count, "Differences that are gone by themselves."),
                    .required("gap_percent", Shape.number.orNull, "Of Keitaro's, what did not arrive as it should."),
                    .required("warned", .integer, "0, or the warning that was sent: 2 or 5 percent."),
                    .required("unheard", .integer, "0, or the warning that is due and could be told to nobody."),
                    .required("checked_at", .time), .required("error", .text.orNull),
                ]))),
        .required(
            "differences",
            .list(
                of: .object([
                    .required("id", .integer), .required("profile_id", .integer), .required("day", .date),
                    .required("kind", kind), .required("click_id", .text), .required("transaction_id", .text),
                    .required("theirs", Shape.object([]).andOthers, "Keitaro's row; empty for an unknown click."),
                    .required("ours", Shape.object([]).andOthers.orNull), .required("found_at", .time),
                    .required("recovered_at", .time.orNull), .required("settled_at", .time.orNull, "It is gone."),
                    .required("event_id", .text.orNull, "The postback that was made of Keitaro's row."),
                ]))),
        .required("older", Shape.text(.uriReference).orNull),
    ])

    static let installationShape = Shape.object([
        .required(
            "places",
            .list(
                of: .object([
                    .required("kind", .word("campaign", "source")), .required("id", .integer, "Keitaro's."),
                    .required("name", .text), .required("statuses", .list(of: .text), "Empty: all."),
                    .required("since", .time), .required("gone_at", .time.orNull),
                ]))),
        .required(
            "plan",
            Shape.object([
                .required("kind", .word("campaign", "source")), .required("id", .integer), .required("name", .text),
                .required(
                    "deed", .word("add", "replace", "nothing", "taken"),
                    "taken: the source's only address is somebody else's."),
                .required("revision", .text, "To be sent with the order."),
                .required(
                    "postbacks",
                    .list(
                        of: .object([
                            .required("fate", .word("kept", "added", "changed", "removed")),
                            .required("address", .text, "Without what may be secret."), .required("method", .text),
                            .required("ours", .bool), .required("statuses", .list(of: .text)),
                        ]))),
            ]).orNull, "What would be; null unless target is named."),
    ])
}

extension TrackerRoutes {
    private static let missing: (status: Status, note: String) = (.notFound, "No such profile, or not for this person.")
    private static let profileID = RouteDescription.Parameter.path("id", .integer(0 ... .max), "The profile's id.")
    private static let said = Shape.object([.required("message", .text, "A sentence for people.")])
    private static let saidState = Shape.object([
        .required("message", .text, "A sentence for people."), .required("state", .word("installed", "waiting")),
    ])
    private static let keitaro: (status: Status, note: String) = (
        .badGateway, "Keitaro's failure; keitaro names it. It may also come as 402, 403, 404, 422, 429 or 504."
    )

    static let descriptions: [String: RouteDescription] = [
        "GET /postbacks/reconciliation/": RouteDescription(
            "Postbacks",
            detail: """
                Each hour the last three days of Keitaro's log of conversions are compared with what arrived. Differences: never \
                arrived, status lag, amount, and clicks that Keitaro does not know. What never arrived is filled in after an hour, a late \
                status after a day; another amount is not changed by itself.
                """,
            parameters: [
                .query("profile", .integer, "Only this profile's."),
                .query("day", .date, "Differences of this day of UTC."),
                .query("kind", .word(ConversionDifference.Kind.allCases.map(\.rawValue))),
                .query("before", .integer, "Differences older than this one; see older."),
            ],
            answers: [
                .json(ReconciliationJSON.pageShape, "The last month by day, and differences."),
                .page("The page, for browsers."),
            ]),
        "POST /postbacks/reconciliation/run/": RouteDescription(
            "Postbacks", detail: "Reads the profile's conversions with its own Keitaro key.",
            content: .init([.required("profile_id", .integer)]),
            answers: [
                .json(said, "It is compared.", status: .accepted), .redirect("Back to the page, for browsers."),
            ], problems: [missing, (.unprocessable, "The profile has no Keitaro key.")]),
        "GET /postbacks/profiles/{id}/installation/": RouteDescription(
            "Postbacks", detail: "Reads Keitaro and changes nothing.",
            parameters: [
                profileID, .query("kind", .word("campaign", "source")),
                .query("target", .text(0...200), "Keitaro's id of the campaign or source."),
                .query("method", .word("GET", "POST")),
                .query("statuses", .word(PostbackInstallation.statuses), "May repeat; all unless given."),
            ],
            answers: [
                .json(ReconciliationJSON.installationShape, "Where the URL stands, and the change."),
                .page("The page, for browsers."),
            ], problems: [missing, keitaro, (.conflict, "The person's key is of another tracker than the profile.")]),
        "POST /postbacks/profiles/{id}/installation/": RouteDescription(
            "Postbacks",
            detail: """
                Waits up to 15 seconds for Keitaro. Other postbacks of a campaign stay; a source that posts to somebody else is left \
                alone.
                """,
            parameters: [profileID],
            content: .init([
                .optional("kind", .word("campaign", "source")), .required("target", .text(1...200)),
                .optional("method", .word("GET", "POST")),
                .optional("statuses", .list(of: .word(PostbackInstallation.statuses))),
                .required("revision", .text(1...64), "Of the plan that was shown."),
            ]),
            answers: [
                .json(saidState, "Keitaro has it."),
                .json(saidState, "Still on its way.", status: .accepted),
                .redirect("Back to the page, for browsers."),
            ],
            problems: [
                missing, keitaro,
                (.conflict, "Something else is there than was shown, or the source posts to somebody else."),
                (.unprocessable, "A value can't be; errors name it."),
            ]),
    ]
}

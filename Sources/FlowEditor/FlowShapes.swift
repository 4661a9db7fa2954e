import Base

/// How the API's campaigns, flows and pushes look: what `FlowJSON` and the handlers write.
enum FlowShapes {
    private static let count = Shape.integer(0 ... .max)

    /// For pages that put a piece in place; only with the header `Sluice-Fragment`.
    private static let html = Shape.Member.optional(
        "html", .text, "The piece of the page that Sluice-Fragment asked for.")
    private static let undo = Shape.Member.required(
        "undo", Shape.object([.required("label", .text), .required("url", .text(.uriReference))]).orNull,
        "Where to POST to take it back.")
    private static let message = Shape.Member.required("message", .text.orNull, "A sentence for people.")

    // MARK: Campaigns

    static let campaign = Shape.object([
        .required("id", .integer), .required("keitaro_id", .integer), .required("name", .text),
        .required("state", .word("active", "disabled", "archived")), .required("group_id", .integer.orNull),
        .required("group", .text.orNull), .required("flows", count.orNull, "Null until they were fetched."),
        .required("drafts", count), .required("synced_at", .time),
    ]).named("Campaign")

    static let campaignList = Shape.object([
        .required("total", count), .required("synced_at", .time.orNull, "The last sync; null before the first."),
        .required("campaigns", .list(of: campaign)),
    ])

    static let campaignPage = Shape.object([
        .required("campaign", campaign), .required("fetched_at", .time.orNull, "Null until flows were fetched."),
        .required("flows", .list(of: flow)),
    ])

    static let synced = Shape.object([
        .required("message", .text), .required("campaigns", count), .required("new", count),
        .required("archived", count), .required("offers", count),
    ])

    static let fetched = Shape.object([
        .required("message", .text), .required("flows", .list(of: flow)), .required("drafts", count),
        .required("conflicts", count), html,
    ])

    static let offers = Shape.object([
        .required("total", count, "All that match."),
        .required(
            "offers",
            .list(
                of: .object([
                    .required("offer_id", .integer), .required("name", .text), .required("network", .text.orNull),
                    .required("payout", .text.orNull, "As people write it, with its currency."),
                    .required("in_flow", .bool),
                ]), count: 0...10)),
    ])

    private static let drifted = Shape.object([.required("share", .integer), .required("is_active", .bool)]).orNull

    static let drift = Shape.object([
        .required("in_sync", .bool), .required("checked_at", .time),
        .required(
            "flows",
            .list(
                of: .object([
                    .required("stream_id", .integer), .required("number", count), .required("name", .text),
                    .required("notes", .list(of: .word("new", "gone", "renamed", "turned_off", "turned_on"))),
                    .required(
                        "offers",
                        .list(
                            of: .object([
                                .required("offer_id", .integer), .required("here", drifted),
                                .required("keitaro", drifted),
                            ]))),
                ])), "Flows that differ."),
        html,
    ])

    // MARK: Flows

    private static let flowOffer = Shape.object([
        .required("id", .integer, "The row's."), .required("offer_id", .integer, "Keitaro's."),
        .required("name", .text), .required("network", .text.orNull),
        .required("share", .integer.orNull, "Null for a row that the draft removes."),
        .required("keitaro_share", .integer.orNull, "Null for a row that the draft adds."),
        .required("pinned", .bool), .required("state", .word("active", "disabled")),
        .required("change", .word("none", "edited", "recounted", "added", "removed")),
    ]).named("FlowOffer")

    private static let theirOffer = Shape.object([
        .required("offer_id", .integer), .required("share", .integer), .required("state", .word("active", "disabled")),
    ])

    static let flow = Shape.object([
        .required("id", .integer), .required("campaign_id", .integer), .required("stream_id", .integer, "Keitaro's."),
        .required("number", count), .required("name", .text), .required("type", .text),
        .required("schema", .text), .required("weight", .number.orNull), .required("filters", .anything),
        .required("state", .text),
        .required("revision", .integer, "Changes with every edit."), .required("is_draft", .bool),
        .required("is_gone", .bool, "Keitaro no longer has it."), .required("in_conflict", .bool),
        .required("total", .integer, "The sum of the active shares."), .required("can_push", .bool),
        .required("cannot_push", Shape.word(PushHindrance.codes).orNull, "Why not."),
        .required("fetched_at", .time), .required("pushed_at", .time.orNull),
        .required("pushed_by", .text.orNull),
        .required("keitaro_offers", Shape.list(of: theirOffer).orNull, "What Keitaro has now, in a conflict."),
        .required("keitaro_offers_at", .time.orNull),
        .required("offers", .list(of: flowOffer)),
    ]).named("Flow")

    static let edited = Shape.object([
        message, .required("flow", flow), undo,
        .optional(
            "push", .object([.required("id", .integer), .required("state", pushStateWord)]), "After a push alone."),
        html,
    ]).named("EditedFlow")

    // MARK: Pushes

    private static let pushStateWord = Shape.word("running", "pushed", "conflict", "failed")

    private static let pushedOffer = Shape.object([
        .required("offer_id", .integer), .required("name", .text), .required("share", .integer),
        .required("is_active", .bool),
    ]).named("PushedOffer")

    private static let push = Shape.object([
        .required("id", .integer), .required("flow_id", .integer), .required("campaign_id", .integer),
        .required("state", pushStateWord), message, .required("by", .text.orNull), .required("created_at", .time),
        .required("settled_at", .time.orNull), .required("undone", .bool),
        .required("before", .list(of: pushedOffer)), .required("after", .list(of: pushedOffer)),
        .required(
            "problem",
            Shape.object([
                .required("kind", .text), .optional("status", .integer), .optional("text", .text),
                .optional("seconds", .integer), .optional("facts", .text),
            ]).orNull, "Why it did not go through."),
    ]).named("Push")

    static let pushList = Shape.object([
        .required("pushes", .list(of: push)), .required("older", .text(.uriReference).orNull, "The next address."),
    ])

    static let pushState = Shape.object([
        .required("push", push), undo, html,
        .optional("conflict_html", .text, "The dialog that ends a conflict, with html."),
    ])

    // MARK: Statistics

    private static let sums: [Shape.Member] = [
        .required("clicks", .integer), .required("unique_clicks", .integer), .required("conversions", .integer),
        .required("cost", .number), .required("revenue", .number), .required("revenue_hold", .number),
        .required("profit", .number), .required("roi", .number.orNull), .required("cr", .number.orNull),
        .required("epc", .number.orNull),
    ]

    static let statistics = Shape.object([
        .required(
            "rows",
            .list(
                of: Shape.object(
                    [
                        .optional("campaign_id", .integer.orNull, "Keitaro's, by campaign."),
                        .optional("flow_id", .integer.orNull, "Keitaro's stream, by offer."),
                        .optional("offer_id", .integer.orNull, "Keitaro's, by offer."),
                    ] + sums
                ).named("StatisticsRow"))),
        .required("total", .object(sums)), .required("fetched_at", .time),
        .required("stale", .bool, "Keitaro is away; these are the last numbers."), .required("currency", .text),
        message,
    ])
}

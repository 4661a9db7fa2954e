import HTTP
import Base

extension FlowEditorRoutes {
    private typealias Parameter = RouteDescription.Parameter
    private typealias Answer = RouteDescription.Answer
    private typealias Problem = (status: Status, note: String)

    /// What `/campaigns/…` takes and answers, by the route's name.
    static let descriptions: [String: RouteDescription] =
        lists.merging(campaigns) { first, _ in first }.merging(edits) { first, _ in first }
        .merging(pushes) { first, _ in first }

    private static let campaignID = Parameter.path("id", .integer(0 ... .max), "The campaign's id here, not Keitaro's.")
    private static let flowID = Parameter.path("id", .integer(0 ... .max), "The flow's id here, not Keitaro's.")
    private static let rowID = Parameter.path("id", .integer(0 ... .max), "The id of one of the flow's offers.")
    private static let pushID = Parameter.path("id", .integer(0 ... .max), "The push's id.")

    private static let notFound: Problem = (.notFound, "No such thing, or not for this key.")
    private static let keitaro: Problem = (
        .badGateway, "Keitaro's failure; keitaro names it. It may also come as 402, 403, 404, 422, 429 or 504."
    )
    private static let conflict: Problem = (
        .conflict, "Keitaro changed the flow (/problems/conflict), or the draft is another one (/problems/stale)."
    )
    private static let refused: Problem = (.unprocessable, "Refused: the detail says what would be possible.")
    private static let page = Answer.page("The page, for browsers.")

    // MARK: Lists

    private static let lists: [String: RouteDescription] = [
        "GET /": RouteDescription("Campaigns", answers: [.redirect("To the first desk.", status: .found)]),
        "GET /campaigns/": RouteDescription(
            "Campaigns", detail: "All that the Keitaro key sees, as of the last sync.",
            parameters: [
                .query("q", .text(0...200), "Words in name, alias or id."),
                .query("state", .word(CampaignFilter.State.allCases.map(\.rawValue)), "all leaves the archived out."),
                .query("group", .integer, "Keitaro's id of the group."),
                .query("drafts", .word("1"), "Only campaigns with a draft."),
                .query("sort", .word(CampaignFilter.Column.allCases.map(\.rawValue))),
                .query("dir", .word("asc", "desc")),
            ],
            answers: [.json(FlowShapes.campaignList, "The campaigns."), page]),
        "POST /campaigns/sync-campaigns/": RouteDescription(
            "Campaigns", detail: "Reads campaigns, archived ones, groups, offers and networks.", content: .init([]),
            answers: [.json(FlowShapes.synced, "What was read.")], problems: [keitaro]),
        "POST /campaigns/stats/": RouteDescription(
            "Statistics",
            detail: """
                Numbers from Keitaro's reports, kept for a minute. While Keitaro is away the last ones are given, with stale, \
                fetched_at, and the reason in message. ROI and CR are percent numbers, null over nothing.
                """,
            content: .init(
                [
                    .optional("period", .word("today", "yesterday", "7_days_ago", "7_days", "30_days")),
                    .optional("from", .date, "The first day, with to and instead of period; at most 366 days."),
                    .optional("to", .date, "The last day."),
                    .optional("timezone", .text(1...64), "An IANA name; UTC unless given."),
                    .optional("campaign_ids", .list(of: .integer, count: 0...5000), "Keitaro's; all unless given."),
                    .optional("by", .word("campaign", "offer"), "offer is for exactly one campaign."),
                ], types: [RouteDescription.Content.json]),
            answers: [.json(FlowShapes.statistics, "Rows and their total.")],
            problems: [notFound, refused, keitaro]),
        "GET /campaigns/offers/autocomplete/": RouteDescription(
            "Campaigns",
            parameters: [
                .query("q", .text(0...100), "Words of the name, or the beginning of an id."),
                .query("flow", .integer, "A flow's id here, to mark what is in it."),
            ],
            answers: [.json(FlowShapes.offers, "Ten offers at most.")]),
    ]

    // MARK: One campaign

    private static let campaigns: [String: RouteDescription] = [
        "GET /campaigns/{id}/": RouteDescription(
            "Campaigns", parameters: [campaignID],
            answers: [
                .json(FlowShapes.campaignPage, "The campaign."), page,
                .redirect("To the list, for a browser whose key has never synced."),
            ], problems: [notFound]),
        "POST /campaigns/{id}/fetch-streams/": RouteDescription(
            "Campaigns", detail: "Drafts are kept.", parameters: [campaignID], content: .init([]),
            answers: [.json(FlowShapes.fetched, "The flows as they are now.")], problems: [notFound, keitaro]),
        "GET /campaigns/{id}/check-sync/": RouteDescription(
            "Campaigns", detail: "Reads Keitaro and changes nothing.", parameters: [campaignID],
            answers: [.json(FlowShapes.drift, "What differs.")], problems: [notFound, keitaro]),
    ]

    // MARK: Edits

    private static let edits: [String: RouteDescription] = [
        "GET /campaigns/flow/{id}/": edit(flowID, "The flow with its draft.", problems: [notFound]),
        "POST /campaigns/flow/{id}/add-offer/": edit(
            flowID, "The flow with the offer in its draft.",
            content: [.required("offer_id", .integer, "Keitaro's id of the offer.")]),
        "POST /campaigns/flow/{id}/cancel/": edit(
            flowID, "The flow as it is in Keitaro; undo brings the draft back.", content: []),
        "POST /campaigns/flow/{id}/restore-draft/": edit(
            flowID, "The flow with the draft that was dropped.", content: []),
        "POST /campaigns/flow/{id}/resolve/": edit(
            flowID, "The flow without the conflict.",
            content: [.required("use", .word("keitaro", "mine"), "Whose shares the draft gets.")]),
        "POST /campaigns/flow-offer/{id}/remove/": edit(
            rowID, "The flow; the others share what is free.", content: []),
        "POST /campaigns/flow-offer/{id}/bring-back/": edit(rowID, "The flow with the offer again.", content: []),
        "POST /campaigns/flow-offer/{id}/update-share/": edit(
            rowID, "The flow; offers that are not pinned are counted anew.",
            content: [.required("share", .integer(0...100), "Percent.")]),
        "POST /campaigns/flow-offer/{id}/pin/": edit(
            rowID, "The flow; a pinned share stays when others change.", content: [.required("pinned", .bool)]),
    ]

    private static func edit(
        _ parameter: Parameter, _ note: String, content: [Shape.Member]? = nil,
        problems: [Problem] = [notFound, conflict, refused]
    ) -> RouteDescription {
        RouteDescription(
            "Flows", parameters: [parameter], content: content.map { .init($0) },
            answers: [.json(FlowShapes.edited, note)], problems: problems)
    }

    // MARK: Pushes

    private static let pushes: [String: RouteDescription] = [
        "POST /campaigns/flow/{id}/push/": RouteDescription(
            "Pushes",
            detail: """
                Waits up to 15 seconds for Keitaro. A second push of a flow that is being pushed joins the first. It is safe to \
                ask again: a set that Keitaro already holds counts as pushed.
                """,
            parameters: [flowID],
            content: .init([.optional("revision", .integer, "Refuses if the draft is another one.")]),
            answers: [
                .json(FlowShapes.edited, "Keitaro has the draft."),
                .json(FlowShapes.edited, "Still on its way; follow GET /campaigns/pushes/{id}/.", status: .accepted),
            ],
            problems: [notFound, conflict, refused, (.badGateway, "The push did not go through; the draft is intact.")]),
        "GET /campaigns/pushes/": RouteDescription(
            "Pushes", detail: "Newest first, fifty at a time.",
            parameters: [
                .query("flow", .integer, "Only pushes of this flow."),
                .query("before", .integer, "Only pushes older than this one; see older."),
            ],
            answers: [.json(FlowShapes.pushList, "The pushes."), page]),
        "GET /campaigns/pushes/{id}/": RouteDescription(
            "Pushes", parameters: [pushID], answers: [.json(FlowShapes.pushState, "How it stands.")],
            problems: [notFound]),
        "POST /campaigns/pushes/{id}/undo/": RouteDescription(
            "Pushes", detail: "For the last push of a flow without a draft.", parameters: [pushID],
            content: .init([]), answers: [.json(FlowShapes.edited, "The earlier shares as a draft.")],
            problems: [notFound, conflict, refused]),
    ]
}

import Base

/// How the API's profiles, routes and events look: what ``PostbackJSON`` writes.
enum PostbackShapes {
    static let count = Shape.integer(0 ... .max)
    private static let message = Shape.Member.required("message", .text, "A sentence for people.")

    static let route = Shape.object([
        .required("id", .integer), .required("profile_id", .integer), .required("name", .text),
        .required("priority", count, "The lowest is looked at first."),
        .required("match", .word("campaign_id", "source", "any")), .required("match_value", .text),
        .required("statuses", .list(of: .text), "Empty: all."), .required("countries", .list(of: .text), "Empty: all."),
        .required("chat_id", .integer), .required("topic_id", .integer.orNull),
        .required("language", Shape.word("en", "uk", "ru").orNull, "Null: the profile's."),
        .required("quiet_from", .text.orNull, "HH:MM"), .required("quiet_until", .text.orNull, "HH:MM"),
        .required("quiet_zone", .text.orNull), .required("quiet_mode", Shape.word("silent", "digest").orNull),
        .required("continues", .bool, "Whether the routes after it are looked at too."), .required("enabled", .bool),
    ]).named("PostbackRoute")

    static let profile = Shape.object([
        .required("id", .integer), .required("name", .text), .required("owner", .text.orNull),
        .required("enabled", .bool),
        .required("url", .text.orNull, "For Keitaro, with its secret; null for those who only read, and in lists."),
        .required("old_secret_until", .time.orNull, "The secret before it is accepted until then."),
        .required("chat_id", .integer.orNull, "Where what no route takes is told."),
        .required("topic_id", .integer.orNull), .required("language", .word("en", "uk", "ru")),
        .required("rate_limit_rps", .integer(1...1_000)), .required("dedup_ttl_sec", .integer(0...2_592_000)),
        .required("tracker", .text.orNull), .required("reconciles", .bool, "Whether a key reads the conversion log."),
        .required("status_mappings", .object([]).andOthers, "Keitaro's or the network's word to ours."),
        .required("policies", .object([]).andOthers), .required("templates", .object([]).andOthers),
        .required("routes", .list(of: route)), .required("created_at", .time), .required("last_event_at", .time.orNull),
        .required("conversions_24h", count),
    ]).named("PostbackProfile")

    static let profiles = Shape.object([.required("profiles", .list(of: profile))])
    static let oneProfile = Shape.object([.required("profile", profile)])
    static let saidProfile = Shape.object([message, .required("profile", profile)])
    static let routes = Shape.object([.required("routes", .list(of: route))])
    static let oneRoute = Shape.object([.required("route", route)])
    static let saidRoute = Shape.object([message, .required("route", route)])
    static let said = Shape.object([message])
    static let resent = Shape.object([message, .required("messages", count)])

    static let chats = Shape.object([
        .required(
            "chats",
            .list(
                of: .object([
                    .required("id", .integer), .required("title", .text), .required("kind", .text),
                    .required("is_forum", .bool), .required("problem", .text.orNull), .required("waiting", count),
                ])))
    ])

    private static let eventMembers: [Shape.Member] = [
        .required("id", .text), .required("place", .text, "Time and id: names it in addresses."),
        .required("at", .time), .required("profile_id", .integer), .required("profile", .text.orNull),
        .required("origin", .word("keitaro", "test", "replay", "recovered")),
        .required("outcome", .word("accepted", "duplicate", "unmapped", "ignored")), .required("status", .text),
        .required("original_status", .text), .required("click_id", .text), .required("transaction_id", .text),
        .required("campaign_id", .text), .required("campaign_name", .text), .required("offer_id", .text),
        .required("offer_name", .text), .required("country", .text), .required("source", .text),
        .required("revenue", .text.orNull, "An exact decimal."), .required("payout", .text.orNull),
        .required("currency", .text), .required("reason", .text),
        .required(
            "delivery",
            .object([
                .required(
                    "state",
                    .word(
                        "duplicate", "ignored", "nowhere", "queued", "sending", "retrying", "held", "delivered",
                        "digested",
                        "blocked", "failed")),
                .required("chats", .list(of: .text)), .required("milliseconds", .integer.orNull),
                .required("until", .time.orNull), .required("problem", .text.orNull),
            ])),
    ]

    static let event = Shape.object(eventMembers).named("PostbackEvent")

    static let events = Shape.object([
        .required("events", .list(of: event)), .required("older", .text(.uriReference).orNull, "The next address."),
    ])

    static let wholeEvent = Shape.object([
        .required(
            "event",
            .object(
                eventMembers + [
                    .required("replay_of", .text.orNull), .required("conversion_id", .integer.orNull),
                    .required("fields", .anything, "All that was sent."),
                    .required("raw", .anything, "The request, without secrets."),
                    .required(
                        "messages",
                        .list(
                            of: .object([
                                .required("id", .integer), .required("chat_id", .integer), .required("chat", .text),
                                .required("topic_id", .integer.orNull), .required("route", .text.orNull),
                                .required("state", .word("waiting", "sending", "sent", "digested", "failed")),
                                .required("attempts", count), .required("run_at", .time),
                                .required("settled_at", .time.orNull), .required("error", .text.orNull),
                            ]))),
                    .required(
                        "transitions",
                        .list(
                            of: .object([
                                .required("at", .time), .required("before", .text.orNull), .required("after", .text),
                                .required("revenue", .text), .required("applied", .bool),
                                .required("by_this", .bool),
                            ]))),
                ]))
    ])

    static let summary = Shape.object([
        .required("received", count, "In the last hour."), .required("received_yesterday", count),
        .required("delivered", count), .required("median_ms", .integer.orNull), .required("p99_ms", .integer.orNull),
        .required("waiting", count), .required("oldest_waiting", .time.orNull), .required("failed", count),
        .required("broken_chats", count), .required("duplicates", count),
        .required("compared", .integer.orNull, "Conversions of Keitaro's log that were compared with ours."),
        .required("matching", .integer.orNull), .required("missing", count), .required("recovered", count),
        .required("minutes", .list(of: count), "Received per minute, the last thirty."),
    ])

    static let chart = Shape.object([
        .required("by", .text), .required("days", .integer), .required("timezone", .text),
        .required("slots", .list(of: .time)),
        .required(
            "series",
            .list(
                of: .object([
                    .required("label", .text, "A stored name or an id."), .required("name", .text),
                    .required("currency", .text), .required("conversions", .list(of: .integer), "By slot."),
                    .required("total", .integer), .required("revenue_hold", .text),
                    .required("revenue_confirmed", .text),
                ]))),
    ])

    private static let change = Shape.object([.required("before", count), .required("after", count)])
    private static let minute = Shape.object([.required("at", .time), .required("messages", count)]).orNull

    static let trial = Shape.object([
        .required("days", count), .required("read", count, "Stored postbacks."), .required("messages", change),
        .required("message", .text),
        .required("cut", .text.orNull, "When there was more than is read at once: what was tried."),
        .required("duplicates", change),
        .required("ignored", change, "Kept from their conversions by a policy, and so not told."),
        .required("unmapped", change),
        .required("moved", count, "Told elsewhere, under another status, or not at all."),
        .required(
            "chats",
            .list(
                of: .object([
                    .required("chat_id", .integer), .required("topic_id", .integer.orNull), .required("title", .text),
                    .required("messages", change), .required("held", change),
                    .required(
                        "days",
                        .list(
                            of: .object([
                                .required("day", .date), .required("before", count), .required("after", count),
                            ]))),
                    .required("busiest_before", minute), .required("busiest_after", minute),
                ]))),
        .required(
            "first",
            .list(
                of: .object([
                    .required("at", .time), .required("status", .text), .required("before", .list(of: .text)),
                    .required("after", .list(of: .text)), .required("text", .text.orNull),
                ]))),
    ])

    static let rawRequests = Shape.object([
        .required(
            "requests",
            .list(
                of: .object([
                    .required("at", .time), .required("place", .text.orNull, "Null for what was refused."),
                    .required(
                        "outcome", .word("accepted", "duplicate", "unmapped", "ignored", "bad_secret", "disabled")),
                    .required("origin", .text), .required("profile_id", .integer.orNull),
                    .required("profile", .text.orNull), .required("status", .text), .required("address", .text),
                    .required("raw", .anything),
                ]))),
        .required("older", .text(.uriReference).orNull),
    ])
}

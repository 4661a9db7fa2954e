import Base

/// The API's profiles, routes and events.
enum PostbackJSON {
    static func text(_ text: String?) -> JSON { text.map { .string($0) } ?? .null }
    static func number(_ number: Int64?) -> JSON { number.map { .integer($0) } ?? .null }
    static func time(_ time: Timestamp?) -> JSON { time.map { .string($0.iso8601) } ?? .null }

    static func clock(_ minutes: Int) -> String {
        let (hours, rest) = (minutes / 60, minutes % 60)
        return "\(hours < 10 ? "0" : "")\(hours):\(rest < 10 ? "0" : "")\(rest)"
    }

    /// - Parameter url: the postback URL; nil for those who only read.
    static func profile(_ listed: PostbackDeskStore.ListedProfile, url: String? = nil) -> JSON {
        let profile = listed.profile
        return [
            "id": .integer(profile.id), "name": .string(profile.name), "owner": text(listed.ownerName),
            "enabled": .bool(profile.isEnabled), "url": text(url), "old_secret_until": time(listed.oldSecretUntil),
            "chat_id": number(profile.chatID), "topic_id": number(profile.topicID),
            "language": .string(profile.language), "rate_limit_rps": .integer(Int64(profile.rateLimitRPS)),
            "dedup_ttl_sec": .integer(Int64(profile.dedupSeconds)), "tracker": text(listed.trackerName),
            "reconciles": .bool(profile.keyID != nil), "status_mappings": profile.mappingsJSON,
            "policies": profile.policiesJSON, "templates": profile.templatesJSON,
            "routes": .array(profile.routes.map { route($0, profileID: profile.id) }),
            "created_at": time(listed.createdAt), "last_event_at": time(listed.lastEventAt),
            "conversions_24h": .integer(listed.conversionsToday),
        ]
    }

    static func route(_ route: PostbackRoute, profileID: Int64) -> JSON {
        let match = route.match.stored
        return [
            "id": .integer(route.id), "profile_id": .integer(profileID), "name": .string(route.name),
            "priority": .integer(Int64(route.priority)), "match": .string(match.kind),
            "match_value": .string(match.value), "statuses": .array(route.statuses.sorted().map { .string($0) }),
            "countries": .array(route.countries.sorted().map { .string($0) }), "chat_id": .integer(route.chatID),
            "topic_id": number(route.topicID), "language": text(route.language),
            "quiet_from": text(route.quiet.map { clock($0.from) }),
            "quiet_until": text(route.quiet.map { clock($0.until) }), "quiet_zone": text(route.quiet?.zone),
            "quiet_mode": text(route.quiet?.mode.rawValue), "continues": .bool(route.continues),
            "enabled": .bool(route.isEnabled),
        ]
    }

    static func chat(_ chat: PostbackDeskStore.KnownChat) -> JSON {
        [
            "id": .integer(chat.id), "title": .string(chat.title), "kind": .string(chat.kind),
            "is_forum": .bool(chat.isForum), "problem": text(chat.problem), "waiting": .integer(chat.waiting),
        ]
    }

    static func event(_ event: LoggedEvent) -> JSON {
        [
            "id": .string(event.id), "place": .string(event.place.text), "at": .string(event.at.iso8601),
            "profile_id": .integer(event.profileID), "profile": text(event.profileName),
            "origin": .string(event.origin), "outcome": .string(event.outcome), "status": .string(event.status),
            "original_status": .string(event.originalStatus), "click_id": .string(event.clickID),
            "transaction_id": .string(event.transactionID), "campaign_id": .string(event.campaignID),
            "campaign_name": .string(event.campaignName), "offer_id": .string(event.offerID),
            "offer_name": .string(event.offerName), "country": .string(event.country),
            "source": .string(event.source), "revenue": text(event.revenue), "payout": text(event.payout),
            "currency": .string(event.currency), "reason": .string(event.reason),
            "delivery": [
                "state": .string(event.delivery.kind.rawValue),
                "chats": .array(event.delivery.chats.map { .string($0) }),
                "milliseconds": number(event.delivery.milliseconds), "until": time(event.delivery.until),
                "problem": text(event.delivery.problem),
            ],
        ]
    }

    static func whole(_ whole: WholeEvent) -> JSON {
        var json = event(whole.event)
        json["replay_of"] = text(whole.replayOf)
        json["conversion_id"] = number(whole.conversionID)
        json["fields"] = whole.fields
        json["raw"] = whole.raw
        json["messages"] = .array(
            whole.messages.map { message in
                [
                    "id": .integer(message.id), "chat_id": .integer(message.chatID),
                    "chat": .string(message.chatTitle), "topic_id": number(message.topicID),
                    "route": text(message.routeName), "state": .string(message.state),
                    "attempts": .integer(message.attempts), "run_at": time(message.runAt),
                    "settled_at": time(message.settledAt), "error": text(message.error ?? message.chatProblem),
                ]
            })
        json["transitions"] = .array(
            whole.transitions.map { transition in
                [
                    "at": time(transition.at), "before": text(transition.before), "after": .string(transition.after),
                    "revenue": .string(transition.revenue), "applied": .bool(transition.isApplied),
                    "by_this": .bool(transition.isThisEvent),
                ]
            })
        return json
    }

    static func summary(_ summary: LogSummary) -> JSON {
        [
            "received": .integer(summary.received), "received_yesterday": .integer(summary.receivedYesterday),
            "delivered": .integer(summary.delivered), "median_ms": number(summary.medianMilliseconds),
            "p99_ms": number(summary.p99Milliseconds), "waiting": .integer(summary.waiting),
            "oldest_waiting": time(summary.oldestWaiting), "failed": .integer(summary.failed),
            "broken_chats": .integer(summary.brokenChats), "duplicates": .integer(summary.duplicates),
            "compared": number(summary.compared), "matching": number(summary.matching),
            "missing": .integer(summary.missing), "recovered": .integer(summary.recovered),
            "minutes": .array(summary.minutes.map { .integer($0) }),
        ]
    }
}

import Base
import Frame
import HTTP
import Views

/// The live log: strip, filter, rows, the panel of one event.
extension PostbackPages {
    func log(
        _ events: [LoggedEvent], older: String?, question: EventQuestion,
        profiles: [PostbackDeskStore.ListedProfile], summary: LogSummary, canEdit: Bool, to request: Request
    ) throws -> Response {
        let words = frame.words(for: request)
        let statuses = [
            ("", words("postbacks.log.all")), ("deposit", words("postbacks.log.deposits")),
            ("registration", words("postbacks.log.registrations")), ("rejected", words("postbacks.log.rejected")),
            ("rebill", words("postbacks.log.rebills")), ("other", words("postbacks.log.other")),
        ]
        var own: ViewObject = [
            "newest": ViewValue(events.first?.place.text), "q": .string(question.text),
            // What a link says and no control shows: the live line and the next filter keep it.
            "narrowed": .list(
                question.given.filter { !Self.controls.contains($0.name) }.map {
                    ["name": .string($0.name), "value": .string($0.value)]
                }),
            "export_href": .string(question.address("/postbacks/export/")),
            "profile_choices": .list(
                profiles.map {
                    Self.choice(
                        String($0.profile.id), $0.profile.name, isCurrent: $0.profile.id == question.profileID)
                }),
            "status_choices": .list(
                statuses.map { Self.choice($0.0, $0.1, isCurrent: $0.0 == question.status ?? "") }),
            "delivery_choices": .list(
                EventQuestion.Delivery.allCases.map { delivery in
                    Self.choice(
                        delivery == .any ? "" : delivery.rawValue, Self.deliveryChoice(delivery, words),
                        isCurrent: delivery == question.delivery)
                }),
        ]
        if case .object(let rows) = rows(events, older: older, request) { own = own.merging(rows) }
        if case .object(let strip) = stripContext(summary, words) { own = own.merging(strip) }
        return try frame.page(
            "postbacks", context(.log, request, own), title: words("postbacks.nav.log"), at: .postbacks, to: request)
    }

    private static let controls = ["q", "profile", "status", "delivery"]

    private static func deliveryChoice(_ delivery: EventQuestion.Delivery, _ words: Words) -> String {
        switch delivery {
        case .any: words("postbacks.log.delivery_any")
        case .delivered: words("postbacks.log.delivery.delivered")
        case .waiting: words("postbacks.log.delivery.waiting")
        case .failed: words("postbacks.log.delivery.failed")
        case .none: words("postbacks.log.delivery.none")
        }
    }

    // MARK: Rows

    func rows(_ events: [LoggedEvent], older: String?, _ request: Request) -> ViewValue {
        let words = frame.words(for: request)
        let query = try? request.query()
        let isFiltered = (EventQuestion.names + ["before"]).contains { !(query?[$0] ?? "").isEmpty }
        return [
            "rows": .list(events.map { .object(row($0, words)) }), "has_rows": .bool(!events.isEmpty),
            "older_href": ViewValue(older), "is_filtered": .bool(isFiltered),
        ]
    }

    /// One row, for a live log.
    func row(_ event: LoggedEvent, _ request: Request) throws -> [UInt8] {
        let words = frame.words(for: request)
        return try frame.fragment("postbacks_row", .object(row(event, words)), to: request)
    }

    private func row(_ event: LoggedEvent, _ words: Words) -> ViewObject {
        let delivery = event.delivery
        var title = Self.problem(delivery.problem, words) ?? ""
        if delivery.chats.count > 1 { title += (title.isEmpty ? "" : " · ") + delivery.chats.joined(separator: ", ") }
        let campaign = event.campaignName.isEmpty ? event.campaignID : event.campaignName
        let offer = event.offerName.isEmpty ? event.offerID : event.offerName
        let own: ViewObject = [
            "event_id": .string(event.id), "place": .string(event.place.text), "iso": .string(event.at.iso8601),
            "time": .string(words.dates.timeWithSeconds(event.at)),
            "status_word": .string(Self.statusWord(event.status, words)),
            "campaign": .string(campaign.isEmpty ? NumberFormat.missing : campaign),
            "offer": .string(offer.isEmpty ? NumberFormat.missing : offer),
            "country": .string(event.country.isEmpty ? NumberFormat.missing : event.country),
            "revenue": ViewValue(Self.money(event.revenue ?? event.payout, event.currency, words)),
            "transaction": .string(event.transactionID.isEmpty ? event.clickID : event.transactionID),
            "chat": .string(delivery.chats.first ?? NumberFormat.missing),
            "more_chats": ViewValue(delivery.chats.count > 1 ? "+\(delivery.chats.count - 1)" : nil),
            "delivery_text": .string(deliveryText(event, words)), "delivery_icon": .string(Self.icon(event)),
            "delivery_title": .string(title), "delivery_up": .bool(delivery.kind == .delivered),
            "delivery_down": .bool(delivery.kind == .failed || delivery.kind == .blocked),
            "delivery_warn": .bool(delivery.kind == .retrying),
            "delivery_calm": .bool([.duplicate, .ignored, .nowhere, .queued, .held].contains(delivery.kind)),
        ]
        return Self.chip(event.status).merging(own)
    }

    private func deliveryText(_ event: LoggedEvent, _ words: Words) -> String {
        let state = Self.stateText(event.delivery, words)
        guard event.origin == "recovered" else { return state }
        return words("postbacks.delivery.recovered", ["state": .string(state)])
    }

    static func stateText(_ delivery: DeliveryState, _ words: Words) -> String {
        switch delivery.kind {
        case .delivered:
            words(
                "postbacks.delivery.delivered",
                ["time": .string(delivery.milliseconds.map { duration($0, words) } ?? "")])
        case .digested: words("postbacks.delivery.digested")
        case .queued: words("postbacks.delivery.queued")
        case .sending: words("postbacks.delivery.sending")
        case .retrying:
            words(
                "postbacks.delivery.retrying",
                [
                    "time": .string(
                        delivery.until.map {
                            let rest = max(0, $0.microseconds - Timestamp.now().microseconds) / 1_000_000
                            return duration(rest * 1_000, words)
                        } ?? "")
                ])
        case .held: words("postbacks.delivery.held")
        case .duplicate: words("postbacks.delivery.duplicate")
        case .ignored: words("postbacks.delivery.ignored")
        case .nowhere: words("postbacks.delivery.nowhere")
        case .blocked: words("postbacks.delivery.blocked")
        case .failed: words("postbacks.delivery.failed")
        }
    }

    private static func icon(_ event: LoggedEvent) -> String {
        switch event.delivery.kind {
        case .delivered: event.origin == "recovered" ? "history" : "check"
        case .digested: "check"
        case .queued, .held: "clock"
        case .sending: "send"
        case .retrying: "refresh"
        case .duplicate: "copy"
        case .nowhere, .ignored: "minus"
        case .blocked, .failed: "alert"
        }
    }

    // MARK: The strip

    func strip(_ summary: LogSummary, _ request: Request) throws -> [UInt8] {
        try frame.fragment("postbacks_strip", stripContext(summary, frame.words(for: request)), to: request)
    }

    private func stripContext(_ summary: LogSummary, _ words: Words) -> ViewValue {
        let numbers = words.numbers
        let most = max(1, summary.minutes.max() ?? 1)
        var change: String?
        if summary.receivedYesterday > 0 {
            let percent =
                Double(summary.received - summary.receivedYesterday) * 100 / Double(summary.receivedYesterday)
            change = words(
                "postbacks.card.yesterday", ["change": .string(numbers.percent(percent, places: 1, sign: .always))])
        }
        let agrees: String? = summary.compared.flatMap { compared in
            compared > 0
                ? numbers.percent(Double(summary.matching ?? 0) * 100 / Double(compared), places: 1) : nil
        }
        var took = ""
        if let median = summary.medianMilliseconds, let p99 = summary.p99Milliseconds {
            took = words(
                "postbacks.card.took",
                ["median": .string(Self.duration(median, words)), "p99": .string(Self.duration(p99, words))])
        }
        var oldest = ""
        if let since = summary.oldestWaiting {
            let milliseconds = (Timestamp.now().microseconds - since.microseconds) / 1_000
            oldest = words("postbacks.card.oldest", ["time": .string(Self.duration(milliseconds, words))])
        }
        return [
            "received": .string(numbers.number(summary.received)),
            "received_up": .bool(summary.receivedYesterday > 0 && summary.received > summary.receivedYesterday),
            "received_note": .string(change ?? words("postbacks.card.no_yesterday")),
            "delivered": .string(numbers.number(summary.delivered)), "delivered_note": .string(took),
            "waiting": .string(numbers.number(summary.waiting)), "waiting_note": .string(oldest),
            "failed": .string(numbers.number(summary.failed)), "has_broken": .bool(summary.brokenChats > 0),
            "failed_note": .string(
                summary.brokenChats > 0
                    ? words("postbacks.card.chats", ["count": .integer(summary.brokenChats)]) : ""),
            "duplicates": .string(numbers.number(summary.duplicates)), "agrees": ViewValue(agrees),
            "agrees_note": .string(
                words(
                    "postbacks.card.missing",
                    [
                        "missing": .string(numbers.number(summary.missing)),
                        "recovered": .string(numbers.number(summary.recovered)),
                    ])),
            "this_minute": .string(numbers.number(summary.minutes.last ?? 0)),
            "bars": .list(
                summary.minutes.enumerated().map { place, count in
                    let height = count == 0 ? 0 : max(1, count * 30 / most)
                    return [
                        "x": .integer(Int64(place) * 6 + 1), "y": .integer(30 - height), "height": .integer(height),
                        "count": .string(numbers.number(count)), "is_now": .bool(place == summary.minutes.count - 1),
                    ]
                }),
        ]
    }

    // MARK: One event

    func panel(_ whole: WholeEvent, canEdit: Bool, _ request: Request) throws -> [UInt8] {
        try frame.fragment("postbacks_panel", panelContext(whole, canEdit: canEdit, request), to: request)
    }

    func eventPage(_ whole: WholeEvent, canEdit: Bool, to request: Request) throws -> Response {
        let words = frame.words(for: request)
        let title = Self.statusWord(whole.event.status, words)
        guard case .object(var own) = panelContext(whole, canEdit: canEdit, request) else { throw HTTPError(.notFound) }
        own["title"] = .string(title)
        return try frame.page("postback_event", .object(own), title: title, at: .postbacks, to: request)
    }

    private func panelContext(_ whole: WholeEvent, canEdit: Bool, _ request: Request) -> ViewValue {
        let words = frame.words(for: request)
        let event = whole.event
        var facts: [ViewValue] = []
        func fact(_ label: String, _ value: String?, isCode: Bool = false) {
            guard let value, !value.isEmpty else { return }
            facts.append(["label": .string(words(label)), "value": .string(value), "is_code": .bool(isCode)])
        }
        fact("postbacks.panel.profile", event.profileName)
        fact(
            "postbacks.column.campaign",
            [event.campaignName, event.campaignID].filter { !$0.isEmpty }.joined(separator: " · #"))
        fact(
            "postbacks.column.offer", [event.offerName, event.offerID].filter { !$0.isEmpty }.joined(separator: " · #"))
        fact("postbacks.column.country", event.country)
        fact("postbacks.column.revenue", Self.money(event.revenue ?? event.payout, event.currency, words))
        fact("postbacks.panel.reason", event.reason)
        fact("postbacks.panel.source", event.source)
        fact("postbacks.panel.click", event.clickID, isCode: true)
        fact("postbacks.column.transaction", event.transactionID, isCode: true)
        fact("postbacks.panel.came_as", event.originalStatus, isCode: true)
        if event.origin != "keitaro" { fact("postbacks.panel.origin", Self.originWord(event.origin, words)) }
        let blocked = whole.messages.first { $0.chatProblem != nil }
        let own: ViewObject = [
            "place": .string(event.place.text), "iso": .string(event.at.iso8601),
            "time_text": .string(words.utc(event.at)),
            "status_word": .string(Self.statusWord(event.status, words)), "facts": .list(facts),
            "profile_id": .integer(event.profileID), "can_edit": .bool(canEdit),
            "problem": ViewValue(Self.problem(event.delivery.problem, words)),
            "problem_title": .string(Self.stateText(event.delivery, words)),
            "blocked_chat": ViewValue(blocked?.chatID), "is_duplicate": .bool(event.outcome == "duplicate"),
            "is_ignored": .bool(event.outcome == "ignored"),
            "has_messages": .bool(!whole.messages.isEmpty),
            "messages": .list(
                whole.messages.map { message in
                    [
                        "chat": .string(message.chatTitle.isEmpty ? String(message.chatID) : message.chatTitle),
                        "state_word": .string(words("postbacks.message.\(message.state)")),
                        "when": words.time(message.settledAt),
                        "error": ViewValue(Self.problem(message.error ?? message.chatProblem, words)),
                    ]
                }),
            "has_transitions": .bool(!whole.transitions.isEmpty),
            "transitions": .list(
                whole.transitions.map { transition in
                    guard case .object(let time) = words.time(transition.at) else { return nil }
                    return .object(
                        time.merging([
                            "before": ViewValue(transition.before.map { Self.statusWord($0, words) }),
                            "after": .string(Self.statusWord(transition.after, words)),
                            "revenue": ViewValue(Self.money(transition.revenue, event.currency, words)),
                            "is_late": .bool(!transition.isApplied), "is_this": .bool(transition.isThisEvent),
                        ]))
                }),
            "fields": .list(
                Self.pairs(whole.fields).map { ["name": .string($0.name), "value": .string($0.value)] }),
            "raw_text": .string(Self.rawText(whole.raw)),
        ]
        return .object(Self.chip(event.status).merging(own))
    }

    static func originWord(_ origin: String, _ words: Words) -> String {
        switch origin {
        case "test": words("postbacks.origin.test")
        case "replay": words("postbacks.origin.replay")
        case "recovered": words("postbacks.origin.recovered")
        default: words("postbacks.origin.keitaro")
        }
    }

    /// Names and values of an object, or of a list of such pairs.
    static func pairs(_ json: JSON) -> [(name: String, value: String)] {
        if let object = json.objectValue {
            return object.map { ($0.key, $0.value.lenientString ?? $0.value.text) }
        }
        return (json.arrayValue ?? []).map { entry in
            (
                (entry["name"] ?? entry[0])?.lenientString ?? "",
                (entry["value"] ?? entry[1]).map { $0.lenientString ?? $0.text } ?? ""
            )
        }
    }

    /// A stored request as it went over the line.
    static func rawText(_ raw: JSON) -> String {
        var text = "\(raw["method"]?.stringValue ?? "") \(raw["target"]?.stringValue ?? "")\n"
        for (name, value) in pairs(raw["headers"] ?? .null) { text += "\(name): \(value)\n" }
        let body = raw["body"].map { $0.stringValue ?? ($0.isNull ? "" : $0.text) } ?? ""
        return body.isEmpty ? text : text + "\n" + body
    }
}

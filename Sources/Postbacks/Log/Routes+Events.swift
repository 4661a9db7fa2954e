import Accounts
import Base
import Frame
import HTTP
import Postgres
import Reactor
import Views

/// `/postbacks/`: the log, live and as it was stored.
extension PostbackDeskRoutes {
    var eventRoutes: [Route] {
        [
            route(.get, "/postbacks/", "The log of postbacks, newest first", log),
            route(.get, "/postbacks/live/", "The log as it happens", live),
            route(.get, "/postbacks/summary/", "The last hour in numbers", summary),
            route(.get, "/postbacks/export/", "The log as CSV", effect: .exports, export),
            route(.get, "/postbacks/charts/", "Conversions by day and by hour", chart),
            route(.get, "/postbacks/raw/", "Requests as they came, refused ones too", raw),
            route(.get, "/postbacks/events/{place}/", "One postback with its request and its messages", event),
            route(.post, "/postbacks/events/{place}/resend/", "Send a postback's messages again", resend),
        ]
    }

    private static let pageSize = 100
    private static let exportedAtOnce = 1_000

    // MARK: The log

    @Sendable private func log(_ request: Request) async throws -> Response {
        let question = try EventQuestion(try request.query())
        let reader = try reader(request)
        let found = try await store.events(question, for: reader, limit: Self.pageSize + 1)
        let events = Array(found.prefix(Self.pageSize))
        let older =
            found.count > events.count
            ? events.last.map { question.address("/postbacks/", [("before", $0.place.text)]) } : nil
        if wantsFragment(request, "rows") {
            return .html(
                try frame.fragment("postbacks_rows", pages.rows(events, older: older, request), to: request))
        }
        guard request.wantsPage else {
            return .json([
                "events": .array(events.map(PostbackJSON.event)), "older": PostbackJSON.text(older),
            ])
        }
        let profiles = try await store.profiles(for: reader)
        let summary = try await summaries.summary(for: reader, from: store)
        return try pages.log(
            events, older: older, question: question, profiles: profiles, summary: summary, canEdit: canEdit(request),
            to: request)
    }

    /// Rows that are new or changed, each with its piece of the page when `html` is asked for, and the strip's numbers.
    @Sendable private func live(_ request: Request) async throws -> Response {
        let query = try request.query()
        let question = try EventQuestion(query)
        let reader = try reader(request)
        let wantsHTML = query["html"] == "1"
        let once = query["once"] == "1"
        guard let loop = request.loop else { throw HTTPError(.serviceUnavailable) }
        let feed = EventFeed(store: store, loop: loop)
        // The page has its rows already when it begins to listen.
        let seen = (request.lastEventID ?? query["after"]).flatMap { EventQuestion.Place($0) }
        return .events(for: request) { stream in
            try await feed.follow(question, for: reader, after: seen, once: once) { look in
                let rows: [JSON] = try look.events.map { event in
                    var row = PostbackJSON.event(event)
                    if wantsHTML {
                        row["html"] = .string(String(decoding: try pages.row(event, request), as: UTF8.self))
                    }
                    return row
                }
                var news: JSON = [
                    "events": .array(rows), "gone": .array(look.gone.map { .string($0) }),
                    "skipped": .integer(Int64(look.skipped)),
                ]
                if let place = look.wholeFrom { news["whole_from"] = .string(place.text) }
                func tell(_ content: JSON, _ summary: LogSummary?) async throws {
                    var content = content
                    if let summary {
                        content["summary"] = PostbackJSON.summary(summary)
                        if wantsHTML {
                            content["summary_html"] = .string(
                                String(decoding: try pages.strip(summary, request), as: UTF8.self))
                        }
                    }
                    try await stream.send(
                        ServerEvent(content.text, event: "events", id: look.newest?.text, retry: .seconds(2)))
                }
                if once {
                    let summary = try? await summaries.summary(for: reader, from: store)
                    return try await tell(news, summary)
                }
                let summary = summaries.fresh(for: reader)
                try await tell(news, summary)
                guard summary == nil else { return }
                summaries.refresh(for: reader, from: store, on: loop)
                // Of a busy hour the numbers take their time, and no row waits for them: then they come with the next rows.
                for _ in 0..<10 {
                    await loop.sleep(for: .milliseconds(10))
                    if let summary = summaries.fresh(for: reader) {
                        return try await tell(["events": [], "gone": [], "skipped": 0], summary)
                    }
                }
            }
            // Its time is over, and nothing is wrong: the client needs not wait before it connects again.
            if !once { try await stream.send(ServerEvent("{}", event: "end")) }
        }
    }

    @Sendable private func summary(_ request: Request) async throws -> Response {
        let summary = try await summaries.summary(for: try reader(request), from: store)
        if wantsFragment(request, "strip") { return .html(try pages.strip(summary, request)) }
        return .json(PostbackJSON.summary(summary))
    }

    // MARK: Export

    @Sendable private func export(_ request: Request) async throws -> Response {
        let question = try EventQuestion(try request.query())
        let reader = try reader(request)
        let store = store
        let headers = [
            ("Content-Disposition", "attachment; filename=\"postbacks.csv\""), ("Cache-Control", "no-store"),
        ]
        return .stream(type: "text/csv; charset=utf-8", headers: headers) { writer in
            try await writer.append(
                CSV.byteOrderMark
                    + CSV.line([
                        "at", "id", "profile", "origin", "outcome", "status", "original_status", "click_id",
                        "transaction_id", "campaign_id", "campaign_name", "offer_id", "offer_name", "country", "source",
                        "revenue", "payout", "currency", "reason", "delivery", "chats", "delivery_ms", "problem",
                    ]))
            var question = question
            while true {
                let events = try await store.events(question, for: reader, limit: Self.exportedAtOnce)
                for event in events { try await writer.append(CSV.line(Self.cells(event))) }
                guard events.count == Self.exportedAtOnce, let last = events.last else { return }
                question.before = last.place
            }
        }
    }

    private static func cells(_ event: LoggedEvent) -> [String] {
        [
            event.at.iso8601, event.id, event.profileName ?? "", event.origin, event.outcome, event.status,
            event.originalStatus, event.clickID, event.transactionID, event.campaignID, event.campaignName,
            event.offerID, event.offerName, event.country, event.source, event.revenue ?? "", event.payout ?? "",
            event.currency, event.reason, event.delivery.kind.rawValue, event.delivery.chats.joined(separator: " | "),
            event.delivery.milliseconds.map { String($0) } ?? "", event.delivery.problem ?? "",
        ]
    }

    // MARK: One event

    private func reference(_ request: Request) throws -> EventReference {
        guard let reference = EventReference(try request.text("place")) else { throw Self.notFound }
        return reference
    }

    @Sendable private func event(_ request: Request) async throws -> Response {
        guard let whole = try await store.event(try reference(request), for: try reader(request)) else {
            throw Self.notFound
        }
        if wantsFragment(request, "panel") {
            return .html(try pages.panel(whole, canEdit: canEdit(request), request))
        }
        if request.wantsPage { return try pages.eventPage(whole, canEdit: canEdit(request), to: request) }
        return .json(["event": PostbackJSON.whole(whole)])
    }

    @Sendable private func resend(_ request: Request) async throws -> Response {
        guard let resent = try await store.resend(event: try reference(request), by: try editor(request)) else {
            throw Self.notFound
        }
        let count = resent.count
        let words = frame.words(for: request)
        return .json([
            "message": .string(
                count == 0
                    ? words(resent.isQueued ? "postbacks.said.queued_already" : "postbacks.said.nothing_to_resend")
                    : words("postbacks.said.resent", ["count": .integer(Int64(count))])),
            "messages": .integer(Int64(count)),
        ])
    }

    // MARK: Charts

    @Sendable private func chart(_ request: Request) async throws -> Response {
        let query = try request.query()
        var question = ChartQuestion()
        let fields = SettingFields(
            json: .object(
                JSONObject(
                    query.pairs.filter { !$0.value.isEmpty }.map { .init(key: $0.name, value: .string($0.value)) })))
        if fields.has("by") {
            question.by =
                ChartQuestion.By(rawValue: try fields.word("by", of: ChartQuestion.By.allCases.map(\.rawValue)))
                ?? .status
        }
        if fields.has("days") { question.days = Int64(try fields.word("days", of: ["1", "7", "30"])) ?? 7 }
        if fields.has("timezone") {
            question.zone = try fields.text("timezone", 1...64)
            guard ProfileInput.isZone(question.zone) else {
                throw SettingFields.refuse("timezone", "postbacks.refused.zone", ["zone": .string(question.zone)])
            }
        }
        if fields.has("profile") { question.profileID = try fields.id("profile") }
        if request.wantsPage {
            return try pages.charts(
                question, profiles: try await store.profiles(for: try reader(request)), to: request)
        }
        let (slots, points) = try await store.chart(question, for: try reader(request))
        return .json(ChartJSON.answer(question, slots: slots, points: points, words: frame.words(for: request)))
    }

    // MARK: Raw requests

    @Sendable private func raw(_ request: Request) async throws -> Response {
        let question = try EventQuestion(try request.query())
        let found = try await store.rawRequests(question, for: try reader(request), limit: Self.pageSize + 1)
        let requests = Array(found.prefix(Self.pageSize))
        let older =
            found.count > requests.count
            ? requests.last.map { question.address("/postbacks/raw/", [("before", $0.cursor.text)]) } : nil
        guard request.wantsPage else {
            return .json([
                "requests": .array(requests.map(\.json)), "older": PostbackJSON.text(older),
            ])
        }
        let profiles = try await store.profiles(for: try reader(request))
        return try pages.raw(
            requests, older: older, question: question, profiles: profiles, canEdit: canEdit(request), to: request)
    }
}

import Accounts
import Base
import Frame
import HTTP
import Keitaro
import Postgres
import Views

/// Numbers from Keitaro's reports, kept for a minute for everybody with the same key, and shown dated while Keitaro is away.
struct Statistics: Sendable {
    private static let freshSeconds: Int64 = 60

    let store: FlowEditorStore
    let accounts: AccountStore
    let trackers: KeitaroTrackers
    let frame: Frame
    let currency: String

    func answer(_ question: StatisticsQuestion, key: KeitaroKey, request: Request) async throws -> JSON {
        let today = try await today(in: question.timezone)
        let (first, last) = question.days(today: today)
        let campaignIDs = try await store.visibleCampaigns(question.campaignIDs, keyID: key.id)
        if question.campaignIDs.isEmpty == false, campaignIDs.isEmpty { throw FlowEditing.notFound }
        let query = Self.query(question, campaignIDs: campaignIDs, first: first, last: last)
        let name = Self.name(query)
        let kept = try await store.report(name, keyID: key.id, freshSeconds: Self.freshSeconds)
        if let kept, kept.isFresh {
            return body(kept.rows, question, fetchedAt: kept.fetchedAt, message: nil)
        }
        let report: KeitaroReport
        do throws(KeitaroFailure) {
            report = try await trackers.client(at: key.tracker.url).report(query, key.secret)
        } catch {
            let failure = error
            if failure.error == .keyRefused { try await accounts.markRefused(keyID: key.id) }
            let problem = frame.problem(failure)
            guard let kept, failure.error != .keyRefused else { throw problem }
            let words = frame.words(for: request)
            return body(kept.rows, question, fetchedAt: kept.fetchedAt, message: words(problem.detail))
        }
        let rows = Self.rows(report, question)
        let fetchedAt = try await store.keepReport(name, rows, keyID: key.id)
        return body(rows, question, fetchedAt: fetchedAt, message: nil)
    }

    private func today(in timezone: String) async throws -> CivilDate {
        do throws(PostgresError) {
            return try await store.database.one("SELECT (now() AT TIME ZONE \(timezone)::text)::date AS today").get(
                "today")
        } catch {
            guard error.category == .invalidValue else { throw error }
            throw Problem(
                .unprocessable, Word("error.stats.timezone", ["zone": .string(timezone)]), field: "timezone")
        }
    }

    private static func query(
        _ question: StatisticsQuestion, campaignIDs: [Int64], first: CivilDate, last: CivilDate
    ) -> KeitaroReportQuery {
        let range = KeitaroReportQuery.Range.between(StatisticsQuestion.text(first), StatisticsQuestion.text(last))
        var filters: [KeitaroReportQuery.Filter] = []
        if campaignIDs.count == 1, let only = campaignIDs.first {
            filters = [.init("campaign_id", "EQUALS", .integer(only))]
        } else if !campaignIDs.isEmpty {
            filters = [.init("campaign_id", "IN_LIST", .array(campaignIDs.map { .integer($0) }))]
        }
        let dimensions = question.grouping == .campaign ? ["campaign_id"] : ["stream_id", "offer_id"]
        return KeitaroReportQuery(range, timezone: question.timezone, dimensions: dimensions, filters: filters)
    }

    /// The same question has the same name in every process.
    private static func name(_ query: KeitaroReportQuery) -> String {
        var parts = [query.timezone, query.dimensions.joined(separator: ",")]
        if case .between(let from, let to) = query.range { parts += [from, to] }
        parts += query.filters.map { "\($0.name) \($0.operation) \($0.expression.text)" }
        return parts.joined(separator: " ")
    }

    /// The rows as they are kept and answered.
    private static func rows(_ report: KeitaroReport, _ question: StatisticsQuestion) -> JSON {
        .array(
            report.rows.map { row in
                var object = JSONObject()
                switch question.grouping {
                case .campaign: object["campaign_id"] = id(row, "campaign_id")
                case .offer:
                    object["flow_id"] = id(row, "stream_id")
                    object["offer_id"] = id(row, "offer_id")
                }
                StatisticsRow(row).write(into: &object)
                return .object(object)
            })
    }

    private static func id(_ row: KeitaroReportRow, _ name: String) -> JSON {
        row.dimensions[name].flatMap { Int64($0) }.map { .integer($0) } ?? .null
    }

    private func body(_ rows: JSON, _ question: StatisticsQuestion, fetchedAt: Timestamp, message: String?) -> JSON {
        var total = StatisticsRow()
        for row in rows.arrayValue ?? [] {
            var sum = StatisticsRow()
            sum.clicks = row["clicks"]?.lenientInt ?? 0
            sum.uniqueClicks = row["unique_clicks"]?.lenientInt ?? 0
            sum.conversions = row["conversions"]?.lenientInt ?? 0
            sum.cost = row["cost"]?.doubleValue ?? 0
            sum.revenue = row["revenue"]?.doubleValue ?? 0
            sum.revenueHold = row["revenue_hold"]?.doubleValue ?? 0
            total = total + sum
        }
        var totals = JSONObject()
        total.write(into: &totals)
        return [
            "rows": rows, "total": .object(totals), "fetched_at": .string(fetchedAt.iso8601),
            "stale": .bool(message != nil), "currency": .string(currency),
            "message": message.map { .string($0) } ?? .null,
        ]
    }
}

import Base
import HTTP
import Keitaro

/// Which numbers are asked for, read from a request's JSON. Pure.
struct StatisticsQuestion: Hashable, Sendable {
    enum Period: Hashable, Sendable {
        case today, yesterday, sevenDays, thirtyDays
        case between(CivilDate, CivilDate)
    }

    enum Grouping: Hashable, Sendable {
        case campaign
        /// Per flow and offer of one campaign.
        case offer
    }

    static let longestDays = 366

    var period: Period
    var timezone: String
    var grouping: Grouping
    /// Keitaro's; empty: all that the key sees.
    var campaignIDs: [Int64]

    enum Refusal: Error, Hashable {
        case period
        case timezone(String)
        case field(String, String)
    }

    init(_ body: JSON) throws(Refusal) {
        for name in ["period", "from", "to", "timezone", "by"] {
            guard let given = body[name], !given.isNull, given.stringValue == nil else { continue }
            throw .field(name, "\(name) is text.")
        }
        period = try Self.period(body)
        timezone = body["timezone"]?.stringValue ?? "UTC"
        guard Self.namesZone(timezone) else { throw .timezone(String(timezone.prefix(64))) }
        switch body["by"]?.stringValue {
        case nil, "campaign": grouping = .campaign
        case "offer": grouping = .offer
        default: throw .field("by", "by is campaign or offer.")
        }
        campaignIDs = try Self.campaignIDs(body)
        if grouping == .offer, campaignIDs.count != 1 {
            throw .field("campaign_ids", "campaign_ids names exactly one campaign when by is offer.")
        }
    }

    /// Names only; whether the zone exists, PostgreSQL says. It would also take a rule such as `UTC+3`, whose sign means the opposite of
    /// what everybody means by it: only these names have digits.
    private static func namesZone(_ text: String) -> Bool {
        guard (1...64).contains(text.utf8.count) else { return false }
        if text.hasPrefix("Etc/GMT") || ["EST5EDT", "CST6CDT", "MST7MDT", "PST8PDT"].contains(text) {
            return text.utf8.allSatisfy { isLetter($0) || isDigit($0) || "/+-".utf8.contains($0) }
        }
        return text.utf8.allSatisfy { isLetter($0) || "/_-".utf8.contains($0) }
    }

    private static func isLetter(_ byte: UInt8) -> Bool { byte | 0x20 >= 0x61 && byte | 0x20 <= 0x7A }
    private static func isDigit(_ byte: UInt8) -> Bool { byte >= 0x30 && byte <= 0x39 }

    private static func campaignIDs(_ body: JSON) throws(Refusal) -> [Int64] {
        guard let given = body["campaign_ids"], !given.isNull else { return [] }
        guard let list = given.arrayValue, list.count <= 5000 else {
            throw .field("campaign_ids", "campaign_ids is a list of at most 5000 numbers.")
        }
        var ids: [Int64] = []
        for entry in list {
            guard let id = entry.lenientInt else {
                throw .field("campaign_ids", "campaign_ids is a list of at most 5000 numbers.")
            }
            ids.append(id)
        }
        return ids
    }

    private static func period(_ body: JSON) throws(Refusal) -> Period {
        if let from = body["from"]?.stringValue, let to = body["to"]?.stringValue {
            guard let first = date(from), let last = date(to), first <= last,
                last.daysSince1970 - first.daysSince1970 < longestDays
            else { throw .period }
            return .between(first, last)
        }
        if body["from"]?.stringValue != nil || body["to"]?.stringValue != nil { throw .period }
        switch body["period"]?.stringValue {
        case "today": return .today
        case "yesterday": return .yesterday
        case nil, "7_days_ago", "7_days": return .sevenDays
        case "30_days": return .thirtyDays
        default: throw .field("period", "period is today, yesterday, 7_days_ago or 30_days; or from and to are dates.")
        }
    }

    private static func date(_ text: String) -> CivilDate? {
        let parts = text.split(separator: "-", omittingEmptySubsequences: false)
        guard parts.count == 3, parts[0].count == 4, parts[1].count == 2, parts[2].count == 2,
            let year = Int(parts[0]), let month = Int(parts[1]), let day = Int(parts[2])
        else { return nil }
        return CivilDate(year: year, month: month, day: day)
    }

    /// First and last day, given what day it is in the question's zone. "7 days" are today and the six before.
    func days(today: CivilDate) -> (first: CivilDate, last: CivilDate) {
        func back(_ days: Int) -> CivilDate { CivilDate(daysSince1970: today.daysSince1970 - days) }
        return switch period {
        case .today: (today, today)
        case .yesterday: (back(1), back(1))
        case .sevenDays: (back(6), today)
        case .thirtyDays: (back(29), today)
        case .between(let first, let last): (first, last)
        }
    }

    static func text(_ date: CivilDate) -> String {
        func two(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
        return "\(date.year)-\(two(date.month))-\(two(date.day))"
    }
}

/// Sums of a report row and what follows from them.
struct StatisticsRow: Hashable, Sendable {
    var clicks: Int64 = 0
    var uniqueClicks: Int64 = 0
    var conversions: Int64 = 0
    var cost = 0.0
    var revenue = 0.0
    var revenueHold = 0.0

    init() {}

    init(_ row: KeitaroReportRow) {
        clicks = row.clicks
        uniqueClicks = row.campaignUniqueClicks
        conversions = row.conversions
        cost = row.cost
        revenue = row.revenue
        revenueHold = row.leadRevenue
    }

    static func + (left: StatisticsRow, right: StatisticsRow) -> StatisticsRow {
        var sum = left
        sum.clicks &+= right.clicks
        sum.uniqueClicks &+= right.uniqueClicks
        sum.conversions &+= right.conversions
        sum.cost += right.cost
        sum.revenue += right.revenue
        sum.revenueHold += right.revenueHold
        return sum
    }

    /// Ratios over nothing are null, never zero: ROI without cost, CR and EPC without clicks. ROI and CR are percent numbers.
    func write(into object: inout JSONObject) {
        func ratio(_ part: Double, _ whole: Double) -> JSON { whole == 0 ? .null : .number(part / whole) }
        object["clicks"] = .integer(clicks)
        object["unique_clicks"] = .integer(uniqueClicks)
        object["conversions"] = .integer(conversions)
        object["cost"] = .number(Self.cents(cost))
        object["revenue"] = .number(Self.cents(revenue))
        object["revenue_hold"] = .number(Self.cents(revenueHold))
        object["profit"] = .number(Self.cents(revenue - cost))
        object["roi"] = ratio((revenue - cost) * 100, cost)
        object["cr"] = ratio(Double(conversions) * 100, Double(clicks))
        object["epc"] = ratio(revenue, Double(clicks))
    }

    /// Sums of binary fractions collect dust; a thousandth of a cent is the end of what anybody pays.
    private static func cents(_ amount: Double) -> Double { (amount * 100_000).rounded() / 100_000 }
}

import Base

/// What a row of a report is about. Times are of the report's time zone.
enum KeitaroDimension: String {
    case campaign, campaign_id, campaign_group, stream, stream_id, offer, offer_id, affiliate_network, ts, ts_id
    case country, country_code
    /// `2026-11-21`
    case day
    /// Of the day: `00`...`23`
    case hour
    /// `2026-11`
    case month

    var isTime: Bool { self == .day || self == .hour || self == .month }
    var isOfOffer: Bool { self == .offer || self == .offer_id || self == .affiliate_network }
}

/// A request to `POST /report/build`, read and checked (`reference/keitaro.md §1.7`).
struct KeitaroReportQuery {
    struct Filter {
        let dimension: KeitaroDimension
        /// As text, for ids may come either way.
        let values: Set<String>
    }

    let dimensions: [KeitaroDimension]
    let metrics: [KeitaroMetric]
    let filters: [Filter]
    let sort: [(name: String, isDescending: Bool)]
    let zone: KeitaroTimeZone
    let from: Timestamp
    /// Exclusive.
    let until: Timestamp
    let limit: Int
    let offset: Int

    init(_ body: JSON, dialect: KeitaroDialect, now: Timestamp) throws(KeitaroProblem) {
        guard let fields = body.objectValue else { throw .error(400, "Request body must be a JSON object") }
        let names = dialect == .grouping ? ("grouping", "metrics") : ("dimensions", "measures")
        for foreign in dialect == .grouping ? ["dimensions", "measures"] : ["grouping", "metrics"]
        where fields[foreign] != nil {
            throw .error(400, "Unknown parameter '\(foreign)'")
        }
        dimensions = try Self.list(fields[names.0], names.0) { KeitaroDimension(rawValue: $0) }
        metrics = try Self.list(fields[names.1], names.1) { KeitaroMetric(rawValue: $0) }
        guard !metrics.isEmpty else { throw .error(400, "Parameter '\(names.1)' is required") }
        filters = try Self.filters(fields["filters"])
        sort = try Self.sort(fields["sort"], among: dimensions.map(\.rawValue) + metrics.map(\.rawValue))
        limit = Int(max(fields["limit"]?.lenientInt ?? .max, 0))
        offset = Int(max(fields["offset"]?.lenientInt ?? 0, 0))

        let range = fields["range"] ?? [:]
        let zoneName = range["timezone"]?.stringValue ?? "UTC"
        guard let zone = KeitaroTimeZone(zoneName) else { throw .error(400, "Unknown timezone '\(zoneName)'") }
        self.zone = zone
        (from, until) = try Self.range(range, zone, now)
    }

    private static func list<Value>(
        _ json: JSON?, _ name: String, _ read: (String) -> Value?
    ) throws(KeitaroProblem) -> [Value] {
        guard let json, !json.isNull else { return [] }
        guard let elements = json.arrayValue else { throw .error(400, "Parameter '\(name)' must be an array") }
        var values: [Value] = []
        for element in elements {
            guard let text = element.stringValue, let value = read(text) else {
                throw .error(400, "Unknown value \(element) in '\(name)'")
            }
            values.append(value)
        }
        return values
    }

    private static func filters(_ json: JSON?) throws(KeitaroProblem) -> [Filter] {
        var filters: [Filter] = []
        for filter in json?.arrayValue ?? [] {
            guard let dimension = filter["name"]?.stringValue.flatMap(KeitaroDimension.init), !dimension.isTime else {
                throw .error(400, "Unknown filter \(filter["name"] ?? .null)")
            }
            let expression = filter["expression"] ?? .null
            let values: [JSON]
            switch filter["operator"]?.stringValue {
            case "EQUALS": values = [expression]
            case "IN_LIST": values = expression.arrayValue ?? [expression]
            default: throw .error(400, "Unknown operator \(filter["operator"] ?? .null)")
            }
            filters.append(Filter(dimension: dimension, values: Set(values.compactMap(\.lenientString))))
        }
        return filters
    }

    private static func sort(
        _ json: JSON?, among columns: [String]
    ) throws(KeitaroProblem) -> [(name: String, isDescending: Bool)] {
        var sort: [(String, Bool)] = []
        for column in json?.arrayValue ?? [] {
            guard let name = column["name"]?.stringValue, columns.contains(name) else {
                throw .error(400, "Cannot sort by \(column["name"] ?? .null)")
            }
            sort.append((name, ["DESC", "desc"].contains(column["order"]?.stringValue)))
        }
        return sort
    }

    static func range(
        _ range: JSON, _ zone: KeitaroTimeZone, _ now: Timestamp
    ) throws(KeitaroProblem) -> (Timestamp, Timestamp) {
        if let interval = range["interval"]?.stringValue {
            guard let range = named(interval, today: zone.date(at: now), zone) else {
                throw .error(400, "Unknown interval '\(interval)'")
            }
            return range
        }
        guard let from = range["from"]?.stringValue, let start = moment(from, zone, endOf: false) else {
            throw .error(400, "range.from or range.interval is required")
        }
        guard let to = range["to"]?.stringValue else { return (start, zone.moment(next(zone.date(at: now)))) }
        guard let end = moment(to, zone, endOf: true) else { throw .error(400, "range.to is invalid") }
        return (start, end)
    }

    /// `YYYY-MM-DD`, with a time or without; the end of a range includes its last day or second.
    private static func moment(_ text: String, _ zone: KeitaroTimeZone, endOf isEnd: Bool) -> Timestamp? {
        guard let wall = Timestamp(iso8601: text, offsetWhenAbsent: 0) else { return nil }
        let isDay = text.utf8.count == 10
        let date = isDay && isEnd ? next(wall.date) : wall.date
        let second = wall.seconds - Timestamp(wall.date).seconds
        let moment = zone.moment(date, secondOfDay: second)
        return isEnd && !isDay ? moment.adding(.seconds(1)) : moment
    }

    /// Today is always the last day, as far as it has come, except in `yesterday`.
    private static func named(_ interval: String, today: CivilDate, _ zone: KeitaroTimeZone) -> (Timestamp, Timestamp)?
    {
        func day(_ daysAgo: Int) -> CivilDate { CivilDate(daysSince1970: today.daysSince1970 - daysAgo) }
        let start: CivilDate?
        switch interval {
        case "today": start = today
        case "yesterday": return (zone.moment(day(1)), zone.moment(today))
        case "7_days_ago": start = day(6)
        case "first_day_of_this_week": start = day(today.weekday - 1)
        case "1_month_ago": start = day(29)
        case "first_day_of_this_month": start = CivilDate(year: today.year, month: today.month, day: 1)
        case "1_year_ago": start = day(364)
        case "first_day_of_this_year": start = CivilDate(year: today.year, month: 1, day: 1)
        case "all_time": start = CivilDate(year: 2000, month: 1, day: 1)
        default: start = nil
        }
        return start.map { (zone.moment($0), zone.moment(next(today))) }
    }

    private static func next(_ date: CivilDate) -> CivilDate { CivilDate(daysSince1970: date.daysSince1970 + 1) }
}

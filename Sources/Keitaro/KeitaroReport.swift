import Base

/// A question for `POST report/build` (keitaro.md §1.7).
package struct KeitaroReportQuery: Hashable, Sendable {
    package enum Range: Hashable, Sendable {
        /// Keitaro's own words: `today`, `yesterday`, `7_days_ago`, `first_day_of_this_month`, `all_time` ...
        case interval(String)
        /// `YYYY-MM-DD` or `YYYY-MM-DD HH:MM:SS`, both ends included.
        case between(String, String)
    }

    package struct Filter: Hashable, Sendable {
        package let name: String
        /// `EQUALS`, `IN_LIST` ...
        package let operation: String
        package let expression: JSON

        package init(_ name: String, _ operation: String, _ expression: JSON) {
            self.name = name
            self.operation = operation
            self.expression = expression
        }
    }

    package static let usualMeasures = [
        "clicks", "campaign_unique_clicks", "conversions", "cost", "revenue", "sale_revenue", "lead_revenue",
    ]

    package var range: Range
    /// An IANA name.
    package var timezone: String
    package var dimensions: [String]
    package var measures: [String]
    package var filters: [Filter]

    package init(
        _ range: Range, timezone: String = "UTC", dimensions: [String],
        measures: [String] = KeitaroReportQuery.usualMeasures, filters: [Filter] = []
    ) {
        self.range = range
        self.timezone = timezone
        self.dimensions = dimensions
        self.measures = measures
        self.filters = filters
    }

    func body(in dialect: KeitaroReportDialect) -> JSON {
        var range: JSON =
            switch self.range {
            case .interval(let name): ["interval": .string(name)]
            case .between(let from, let to): ["from": .string(from), "to": .string(to)]
            }
        range["timezone"] = .string(timezone)
        var body: JSON = ["range": range]
        body[dialect == .new ? "dimensions" : "grouping"] = .array(dimensions.map { .string($0) })
        body[dialect == .new ? "measures" : "metrics"] = .array(measures.map { .string($0) })
        body["filters"] = .array(
            filters.map {
                ["name": .string($0.name), "operator": .string($0.operation), "expression": $0.expression]
            })
        return body
    }
}

/// How a version wants the question put.
package enum KeitaroReportDialect: Hashable, Sendable {
    /// `dimensions` and `measures`.
    case new
    /// `grouping` and `metrics`.
    case old
}

/// One line of a report.
package struct KeitaroReportRow: Hashable, Sendable {
    /// By the dimension's name; absent where the tracker gave null.
    package let dimensions: [String: String]
    /// By the measure's name; absent means zero.
    package let measures: [String: Double]

    package static let zero = KeitaroReportRow(dimensions: [:], measures: [:])

    package init(dimensions: [String: String], measures: [String: Double]) {
        self.dimensions = dimensions
        self.measures = measures
    }

    package func measure(_ name: String) -> Double { measures[name] ?? 0 }
    private func count(_ name: String) -> Int64 { Int64(exactly: measure(name).rounded()) ?? 0 }

    package var clicks: Int64 { count("clicks") }
    package var campaignUniqueClicks: Int64 { count("campaign_unique_clicks") }
    package var conversions: Int64 { count("conversions") }
    package var cost: Double { measure("cost") }
    package var revenue: Double { measure("revenue") }
    package var saleRevenue: Double { measure("sale_revenue") }
    package var leadRevenue: Double { measure("lead_revenue") }
}

package struct KeitaroReport: Hashable, Sendable {
    package let rows: [KeitaroReportRow]

    package init(rows: [KeitaroReportRow]) { self.rows = rows }

    /// The row with these values; zero when there is none, for an entity without clicks has no row.
    package func row(_ values: [String: String]) -> KeitaroReportRow {
        rows.first { row in values.allSatisfy { row.dimensions[$0.key] == $0.value } } ?? .zero
    }

    /// Rows that are objects, with numbers that may be text (§1.7).
    init(_ json: JSON, for query: KeitaroReportQuery) throws(KeitaroModelProblem) {
        guard let list = json["rows"] else {
            throw KeitaroModelProblem(object: "report", field: "rows", expected: "a list", found: "nothing")
        }
        var rows: [KeitaroReportRow] = []
        for fields in try KeitaroFields.list(list, "report row") {
            var dimensions: [String: String] = [:]
            for name in query.dimensions { dimensions[name] = fields.text(name) }
            var measures: [String: Double] = [:]
            for name in query.measures {
                guard let json = fields[name], !json.isNull, json != "" else { continue }
                guard let number = json.lenientDouble else { throw fields.problem(name, expected: "a number") }
                measures[name] = number
            }
            rows.append(KeitaroReportRow(dimensions: dimensions, measures: measures))
        }
        self.rows = rows
    }

    /// False when rows came back without anything that was asked for: the tracker ignored words it does not know.
    func answers(_ query: KeitaroReportQuery) -> Bool {
        guard !rows.isEmpty else { return true }
        return rows.contains { row in query.dimensions.isEmpty ? !row.measures.isEmpty : !row.dimensions.isEmpty }
    }
}

import Base

/// A row before it is written: its values by dimension, and what it counts.
struct KeitaroReportRow {
    let labels: [KeitaroDimension: JSON]
    let totals: KeitaroTotals

    func json(_ query: KeitaroReportQuery, asStrings: Bool) -> JSON {
        let named = query.dimensions.map { JSONObject.Member(key: $0.rawValue, value: labels[$0] ?? .null) }
        let counted = query.metrics.map {
            JSONObject.Member(key: $0.rawValue, value: $0.value(of: totals).json(asString: asStrings))
        }
        return .object(JSONObject(named + counted))
    }
}

extension [KeitaroReportRow] {
    /// Stable, so that sorting by the last column first sorts by all of them.
    mutating func sort(by column: String, isDescending: Bool) {
        if let metric = KeitaroMetric(rawValue: column) {
            let keyed = map { (metric.value(of: $0.totals).double, $0) }
            self = keyed.sorted { isDescending ? $0.0 > $1.0 : $0.0 < $1.0 }.map(\.1)
        } else if let dimension = KeitaroDimension(rawValue: column) {
            let keyed = map { row in
                (row.labels[dimension]?.intValue ?? 0, row.labels[dimension]?.stringValue ?? "", row)
            }
            self = keyed.sorted { isDescending ? ($0.0, $0.1) > ($1.0, $1.1) : ($0.0, $0.1) < ($1.0, $1.1) }.map(\.2)
        }
    }
}

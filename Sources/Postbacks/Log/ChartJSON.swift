import Base
import Views

/// A chart's series, the one with the most conversions first.
enum ChartJSON {
    private struct Series {
        var label: String
        var name: String
        var currency: String
        var conversions: [Int64]
        var hold = Amount.zero
        var confirmed = Amount.zero
        var total: Int64 { conversions.reduce(0, +) }
    }

    static func answer(_ question: ChartQuestion, slots: [Timestamp], points: [ChartPoint], words: Words) -> JSON {
        let places = Dictionary(slots.enumerated().map { ($1, $0) }, uniquingKeysWith: { first, _ in first })
        var found: [[String]: Series] = [:]
        for point in points {
            // Two currencies are never added, nor two trackers' campaigns of one number: each has a series.
            let name = name(point, question.by, words)
            let key = [point.label, name, point.currency]
            var series =
                found[key]
                ?? Series(
                    label: point.label, name: name, currency: point.currency,
                    conversions: Array(repeating: 0, count: slots.count))
            if let place = places[point.slot] { series.conversions[place] += point.conversions }
            series.hold = Amount.sum(series.hold, Amount(canonical: point.hold)) ?? series.hold
            series.confirmed = Amount.sum(series.confirmed, Amount(canonical: point.confirmed)) ?? series.confirmed
            found[key] = series
        }
        let sorted = found.values.sorted { ($1.total, $0.name, $0.currency) < ($0.total, $1.name, $1.currency) }
        return [
            "by": .string(question.by.rawValue), "days": .integer(question.days), "timezone": .string(question.zone),
            "slots": .array(slots.map { .string($0.iso8601) }),
            "series": .array(
                sorted.map { series in
                    [
                        "label": .string(series.label), "name": .string(series.name),
                        "currency": .string(series.currency),
                        "conversions": .array(series.conversions.map { .integer($0) }),
                        "total": .integer(series.total), "revenue_hold": .string(series.hold.text),
                        "revenue_confirmed": .string(series.confirmed.text),
                    ]
                }),
        ]
    }

    private static func name(_ point: ChartPoint, _ by: ChartQuestion.By, _ words: Words) -> String {
        if by == .status { return PostbackPages.statusWord(point.label, words) }
        if let name = point.name, !name.isEmpty { return name }
        return point.label.isEmpty ? NumberFormat.missing : point.label
    }
}

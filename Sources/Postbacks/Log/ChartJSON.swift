import Base
import Views

/// A chart's series, the one with the most conversions first.
enum ChartJSON {
    private struct Series {
        var label: String
        var name: String
        var currency: String
        var conversions: [Int64]
        var hold: Double = 0
        var confirmed: Double = 0
        var total: Int64 { conversions.reduce(0, +) }
    }

    static func answer(_ question: ChartQuestion, slots: [Timestamp], points: [ChartPoint], words: Words) -> JSON {
        let places = Dictionary(slots.enumerated().map { ($1, $0) }, uniquingKeysWith: { first, _ in first })
        var found: [String: Series] = [:]
        for point in points {
            // Two currencies are never added: each label has a series per currency.
            let key = "\(point.label)\u{1F}\(point.currency)"
            var series =
                found[key]
                ?? Series(
                    label: point.label, name: name(point, question.by, words), currency: point.currency,
                    conversions: Array(repeating: 0, count: slots.count))
            if let place = places[point.slot] { series.conversions[place] += point.conversions }
            series.hold += Double(point.hold) ?? 0
            series.confirmed += Double(point.confirmed) ?? 0
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
                        "total": .integer(series.total), "revenue_hold": .string(amount(series.hold)),
                        "revenue_confirmed": .string(amount(series.confirmed)),
                    ]
                }),
        ]
    }

    private static func name(_ point: ChartPoint, _ by: ChartQuestion.By, _ words: Words) -> String {
        if by == .status { return PostbackPages.statusWord(point.label, words) }
        if let name = point.name, !name.isEmpty { return name }
        return point.label.isEmpty ? NumberFormat.missing : point.label
    }

    /// Two decimals, with a dot.
    private static func amount(_ value: Double) -> String {
        let cents = (value * 100).rounded()
        guard cents.magnitude < 9e15 else { return String(value) }
        let whole = Int64(cents)
        let rest = (whole % 100).magnitude
        return "\(whole < 0 ? "-" : "")\((whole / 100).magnitude).\(rest < 10 ? "0" : "")\(rest)"
    }
}

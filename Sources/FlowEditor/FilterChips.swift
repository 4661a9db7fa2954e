import Base
import Views

/// A flow's filters as small chips: "UZ", "Android". Three at most; the rest is counted.
struct FilterChips {
    let shown: [ViewValue]
    let moreText: String?

    init(_ filters: JSON, _ words: Words) {
        let all = filters.arrayValue ?? []
        let limit = 3
        shown = all.prefix(limit).map { Self.chip($0, words) }
        moreText =
            all.count > limit ? words("flow.more_filters", ["count": .integer(Int64(all.count - limit))]) : nil
    }

    private static func chip(_ filter: JSON, _ words: Words) -> ViewValue {
        let name = filter["name"]?.stringValue ?? ""
        let values = (filter["payload"]?.arrayValue ?? []).compactMap(\.lenientString)
        let isExcluding = filter["mode"]?.stringValue == "reject"
        let few = values.prefix(3).joined(separator: ", ") + (values.count > 3 ? " +\(values.count - 3)" : "")
        let label = values.isEmpty ? name : few
        return [
            "label": .string(isExcluding ? words("flow.filter.except", ["values": .string(label)]) : label),
            "title": .string(title(name, values.joined(separator: ", "), words)), "is_excluding": .bool(isExcluding),
        ]
    }

    private static func title(_ name: String, _ values: String, _ words: Words) -> String {
        let filled: ViewObject = ["values": .string(values), "name": .string(name)]
        return switch name {
        case "country": words("flow.filter.country", filled)
        case "os": words("flow.filter.os", filled)
        case "os_version": words("flow.filter.os_version", filled)
        case "device_type": words("flow.filter.device_type", filled)
        case "browser": words("flow.filter.browser", filled)
        case "language": words("flow.filter.language", filled)
        case "city": words("flow.filter.city", filled)
        case "region": words("flow.filter.region", filled)
        case "operator": words("flow.filter.operator", filled)
        default: words("flow.filter.other", filled)
        }
    }
}

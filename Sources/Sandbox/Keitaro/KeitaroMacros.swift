import Base
import HTTP

/// Fills a postback's address in: `{name}`, `{_name}` unencoded, `{status:lead=0 sale=1}`, `{date:U}` of the click
/// (`reference/keitaro.md §2.1`). What it does not know stays as it is written.
enum KeitaroMacros {
    struct Values {
        var byName: [String: String]
        var clickedAt: Timestamp
    }

    static func fill(_ template: String, with values: Values) -> String {
        var result = ""
        var rest = template[...]
        while let open = rest.firstIndex(of: "{") {
            result += rest[..<open]
            rest = rest[open...]
            guard let close = rest.firstIndex(of: "}") else { break }
            let inside = rest[rest.index(after: open)..<close]
            result += filled(inside, values) ?? String(rest[...close])
            rest = rest[rest.index(after: close)...]
        }
        return result + rest
    }

    private static func filled(_ inside: Substring, _ values: Values) -> String? {
        let isRaw = inside.hasPrefix("_")
        let parts = (isRaw ? inside.dropFirst() : inside).split(separator: ":", maxSplits: 1)
        guard let name = parts.first.map(String.init) else { return nil }
        let argument = parts.count > 1 ? parts[1] : ""
        let value: String
        if name == "date" {
            value = argument == "U" ? "\(values.clickedAt.seconds)" : values.clickedAt.keitaroText
        } else if let known = values.byName[name] {
            value = name == "status" && !argument.isEmpty ? mapped(known, argument) : known
        } else {
            return nil
        }
        return isRaw ? value : PercentCoding.encode(value)
    }

    /// A status that the list does not name passes unchanged.
    private static func mapped(_ status: String, _ list: Substring) -> String {
        for pair in list.split(separator: " ") {
            let sides = pair.split(separator: "=", maxSplits: 1)
            if sides.count == 2, sides[0] == status { return String(sides[1]) }
        }
        return status
    }
}

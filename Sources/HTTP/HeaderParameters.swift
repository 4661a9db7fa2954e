/// A value with parameters, such as `form-data; name="a"`.
struct HeaderParameters {
    /// Before the first `;`, in lower case.
    let value: String
    private var parameters: [(name: String, value: String)] = []

    /// Quoted values end at the next quote: browsers write a quote in a name as `%22`, and a backslash stands for itself (HTML §4.10.21.8).
    init(_ text: String) {
        var rest = Substring(text)
        value = Self.trim(rest.prefix { $0 != ";" }).lowercased()
        rest = rest.drop { $0 != ";" }
        while rest.first == ";" {
            rest.removeFirst()
            let name = Self.trim(rest.prefix { $0 != "=" && $0 != ";" }).lowercased()
            rest = rest.drop { $0 != "=" && $0 != ";" }
            guard rest.first == "=" else { continue }
            rest.removeFirst()
            rest = rest.drop { $0 == " " }
            if rest.first == "\"" {
                rest.removeFirst()
                parameters.append((name, String(rest.prefix { $0 != "\"" })))
                rest = rest.drop { $0 != "\"" }.dropFirst().drop { $0 != ";" }
            } else {
                parameters.append((name, String(Self.trim(rest.prefix { $0 != ";" }))))
                rest = rest.drop { $0 != ";" }
            }
        }
    }

    subscript(_ name: String) -> String? { parameters.first { $0.name == name }?.value }

    private static func trim(_ text: Substring) -> Substring {
        var text = text.drop { $0 == " " || $0 == "\t" }
        while text.last == " " || text.last == "\t" { text.removeLast() }
        return text
    }
}

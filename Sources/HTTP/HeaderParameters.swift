/// A value with parameters, such as `form-data; name="a"`. Read by bytes: in a `String` a mark that follows a quote would hide it.
struct HeaderParameters {
    /// Before the first `;`, in lower case.
    let value: String
    private var parameters: [(name: String, value: String)] = []

    private static let semicolon = UInt8(ascii: ";")
    private static let equals = UInt8(ascii: "=")
    private static let quote = UInt8(ascii: "\"")

    /// Quoted values end at the next quote: browsers write a quote in a name as `%22`, and a backslash stands for itself (HTML §4.10.21.8).
    init(_ text: String) {
        var rest = Array(text.utf8)[...]
        value = Self.word(rest.prefix { $0 != Self.semicolon })
        rest = rest.drop { $0 != Self.semicolon }
        while rest.first == Self.semicolon {
            rest.removeFirst()
            let name = Self.word(rest.prefix { $0 != Self.equals && $0 != Self.semicolon })
            rest = rest.drop { $0 != Self.equals && $0 != Self.semicolon }
            guard rest.first == Self.equals else { continue }
            rest = rest.dropFirst().drop { $0 == .space }
            if rest.first == Self.quote {
                rest.removeFirst()
                parameters.append((name, String(decoding: rest.prefix { $0 != Self.quote }, as: UTF8.self)))
                rest = rest.drop { $0 != Self.quote }
            } else {
                let bare = trimmed(rest.prefix { $0 != Self.semicolon })
                parameters.append((name, String(decoding: bare, as: UTF8.self)))
            }
            rest = rest.drop { $0 != Self.semicolon }
        }
    }

    subscript(_ name: String) -> String? { parameters.first { $0.name == name }?.value }

    /// In lower case, without the white space around it.
    private static func word(_ bytes: ArraySlice<UInt8>) -> String {
        String(decoding: trimmed(bytes).map(asciiLowercased), as: UTF8.self)
    }
}

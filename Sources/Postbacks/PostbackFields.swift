import Base
import HTTP

/// What a request said: its query, and its body as a form or as JSON, merged. Of one name sent twice the body's value
/// counts, unless it says nothing. Never refuses: what cannot be decoded is kept as it came, for a postback is not sent again.
package struct PostbackFields: Sendable {
    package typealias Pair = (name: String, value: String)

    /// Each name once, as it was sent, without `secret`; unknown ones and blanks too. No value contains the secret or U+0000,
    /// which PostgreSQL does not take.
    package private(set) var pairs: [Pair] = []
    /// The `secret` parameter; empty when there is none. Of the query before the body's.
    package private(set) var secret = ""

    private var known: [PostbackField: (rank: Int, value: String)] = [:]

    /// More parameters than these are not read.
    static let limit = 300

    /// - Parameter query: what stands after the `?`, still encoded.
    /// - Parameter body: JSON when it begins with `{`, whatever `contentType` says; the texts of multipart/form-data; a form otherwise,
    ///   unless it is said to be of another kind (XML, plain text that has no `=`).
    package init(query: some Collection<UInt8>, contentType: String = "", body: some Collection<UInt8> = [UInt8]()) {
        let asked = LenientForm.pairs(of: query, limit: Self.limit)
        let sent = Self.sent(in: body, as: contentType)
        self.init(asked: asked, sent: sent)
    }

    /// For what was stored: a replay, a trial.
    package init(pairs: [Pair]) {
        self.init(asked: pairs, sent: [])
    }

    private init(asked: [Pair], sent: [Pair]) {
        secret = (asked + sent).lazy.filter { Self.plain($0.name) == "secret" && !$0.value.isEmpty }.first?.value ?? ""
        var places: [String: Int] = [:]
        for (index, pair) in (asked + sent).enumerated() {
            let name = Self.storable(pair.name)
            guard Self.plain(name) != "secret", !name.isEmpty else { continue }
            let value = without(secret, Self.storable(pair.value))
            if let place = places[name] {
                let isLater = index >= asked.count || UnresolvedMacro.isMissing(pairs[place].value)
                if isLater, !UnresolvedMacro.isMissing(value) { pairs[place].value = value }
            } else if pairs.count < Self.limit {
                places[name] = pairs.count
                pairs.append((name, value))
            }
        }
        for (name, value) in pairs {
            guard let (field, rank) = PostbackField.named(Self.plain(name)), !UnresolvedMacro.isMissing(value),
                rank < known[field]?.rank ?? .max
            else { continue }
            known[field] = (rank, Self.tidy(value, limit: field.limit))
        }
    }

    /// Empty when it is missing, blank or an unresolved macro; without spaces around it and line ends within.
    package subscript(_ field: PostbackField) -> String {
        known[field]?.value ?? ""
    }

    private static func sent(in body: some Collection<UInt8>, as contentType: String) -> [Pair] {
        let isSpace = { (byte: UInt8) in byte == 0x20 || 0x09...0x0D ~= byte }
        guard let first = body.first(where: { !isSpace($0) }) else { return [] }
        if first == UInt8(ascii: "{"), let object = (try? JSON(parsing: body))?.objectValue {
            return object.prefix(limit).map { ($0.key, text(of: $0.value)) }
        }
        if let parts = MultipartForm.fields(of: Array(body), contentType: contentType, limit: limit) {
            return parts.map { ($0.name, LenientForm.decoded($0.value)) }
        }
        let kind = contentType.lowercased()
        let isForm = kind.isEmpty || kind.hasPrefix("application/x-www-form-urlencoded")
        guard isForm || (kind.hasPrefix("text/plain") && body.contains(UInt8(ascii: "="))) else { return [] }
        return LenientForm.pairs(of: body, limit: limit)
    }

    private static func text(of value: JSON) -> String {
        switch value {
        case .null: ""
        case .bool(let flag): flag ? "true" : "false"
        case .string, .integer, .number: value.lenientString ?? ""
        case .array, .object: value.text
        }
    }

    /// `Click-ID` and `click_id` are one name.
    private static func plain(_ name: String) -> String {
        String(
            decoding: name.trimmingSpaces().utf8.map { $0 == UInt8(ascii: "-") ? UInt8(ascii: "_") : $0 }, as: UTF8.self
        )
        .lowercased()
    }

    private static func storable(_ text: String) -> String {
        text.utf8.contains(0) ? String(text.unicodeScalars.filter { $0.value != 0 }) : text
    }

    private static func tidy(_ value: String, limit: Int) -> String {
        let isControl = { (scalar: Unicode.Scalar) in scalar.value < 0x20 || 0x7F...0x9F ~= scalar.value }
        let trimmed = value.trimmingSpaces()
        guard trimmed.unicodeScalars.contains(where: isControl) else { return String(trimmed).cut(toBytes: limit) }
        var line = String.UnicodeScalarView()
        line.append(contentsOf: trimmed.unicodeScalars.lazy.map { isControl($0) ? " " : $0 })
        return String(String(line).trimmingSpaces()).cut(toBytes: limit)
    }

    private func without(_ secret: String, _ value: String) -> String {
        // A short one would black out half of what was sent, and is none of ours.
        secret.utf8.count >= 8 ? value.replacing(secret, with: "***") : value
    }
}

extension String {
    /// At most so many bytes of UTF-8, cut between scalars.
    package func cut(toBytes limit: Int) -> String {
        guard utf8.count > limit else { return self }
        var end = utf8.index(utf8.startIndex, offsetBy: limit)
        while end > utf8.startIndex, utf8[end] & 0xC0 == 0x80 { end = utf8.index(before: end) }
        return String(self[..<end])
    }

    /// Every occurrence, found from the left.
    func replacing(_ part: String, with other: String) -> String {
        let sought = Array(part.utf8)
        let bytes = Array(utf8)
        guard !sought.isEmpty, bytes.count >= sought.count else { return self }
        var result: [UInt8] = []
        var index = 0
        var found = false
        while index < bytes.count {
            if bytes[index] == sought[0], bytes[index...].starts(with: sought) {
                result += Array(other.utf8)
                index += sought.count
                found = true
            } else {
                result.append(bytes[index])
                index += 1
            }
        }
        return found ? String(decoding: result, as: UTF8.self) : self
    }
}

import Base
import HTTP

/// What a request said: its query, and its body as a form or as JSON, merged. Of one name sent twice the body's value
/// counts, unless it says nothing. Never refuses: what cannot be decoded is kept as it came, for a postback is not sent again.
package struct PostbackFields: Sendable {
    package typealias Pair = (name: String, value: String)
    /// In UTF-8, as sent.
    typealias Part = (name: ArraySlice<UInt8>, value: ArraySlice<UInt8>)

    /// Each name once, however it is spelled, as it was sent first, without `secret`; unknown ones and blanks too. Nothing contains the secret or U+0000,
    /// which PostgreSQL does not take.
    package private(set) var pairs: [Pair] = []
    /// The `secret` parameter; empty when there is none. Of the query before the body's.
    package private(set) var secret = ""

    /// What is understood, and its values at the same places. A handful, which is walked faster than hashed.
    private var known: [PostbackField] = []
    private var values: [String] = []

    /// More parameters than these are not read.
    static let limit = 300
    private static let fewNames = 32

    /// - Parameter query: what stands after the `?`, still encoded.
    /// - Parameter body: JSON when it begins with `{`, whatever `contentType` says; the texts of multipart/form-data; a form otherwise,
    ///   unless it is said to be of another kind (XML, plain text that has no `=`).
    package init(query: some Collection<UInt8>, contentType: String = "", body: [UInt8] = []) {
        let asked = LenientForm.pairs(of: Array(query)[...], limit: Self.limit)
        self.init(asked: asked, sent: Self.sent(in: body, as: contentType))
    }

    package init(pairs: [Pair]) {
        self.init(asked: pairs.map { (Array($0.name.utf8)[...], Array($0.value.utf8)[...]) }, sent: [])
    }

    /// Of `postback_events.fields`: for a message, a replay, a trial.
    package init(stored: JSON) {
        self.init(pairs: (stored.objectValue?.members ?? []).map { ($0.key, $0.value.lenientString ?? "") })
    }

    private init(asked: [Part], sent: [Part]) {
        let given = Self.secret(in: asked) ?? Self.secret(in: sent) ?? []
        secret = String(decoding: given, as: UTF8.self)
        let hidden = given.count >= HiddenParts.shortestSecret ? Array(given) : []
        var names: [String] = []
        var plains: [String] = []
        var texts: [ArraySlice<UInt8>] = []
        var places: [String: Int] = [:]
        func take(_ part: Part, isSent: Bool) {
            let nameBytes = Self.storable(part.name).without(hidden)
            if nameBytes.isEmpty || Self.isSecret(nameBytes) { return }
            let name = String(decoding: nameBytes, as: UTF8.self)
            let plain = Self.plain(nameBytes, name)
            let value = Self.storable(part.value).without(hidden)
            // Nearly always a few short names, which are walked faster than hashed.
            if let place = plains.count <= Self.fewNames ? plains.firstIndex(of: plain) : places[plain] {
                let isLater = isSent || UnresolvedMacro.isMissing(texts[place])
                if isLater, !UnresolvedMacro.isMissing(value) { texts[place] = value }
            } else if names.count < Self.limit {
                names.append(name)
                plains.append(plain)
                texts.append(value)
                if plains.count == Self.fewNames + 1 {
                    for (place, plain) in plains.enumerated() { places[plain] = place }
                } else if plains.count > Self.fewNames {
                    places[plain] = plains.count - 1
                }
            }
        }
        for part in asked { take(part, isSent: false) }
        for part in sent { take(part, isSent: true) }
        pairs.reserveCapacity(names.count)
        var ranks: [Int] = []
        for (place, text) in texts.enumerated() {
            let value = String(decoding: text, as: UTF8.self)
            pairs.append((names[place], value))
            guard let (field, rank) = PostbackField.named(plains[place]), !UnresolvedMacro.isMissing(text) else {
                continue
            }
            let tidy = Self.tidy(text, value, limit: field.limit)
            if let place = known.firstIndex(of: field) {
                guard rank < ranks[place] else { continue }
                ranks[place] = rank
                values[place] = tidy
            } else {
                known.append(field)
                ranks.append(rank)
                values.append(tidy)
            }
        }
    }

    /// Empty when it is missing, blank or an unresolved macro; without spaces around it and line ends within.
    package subscript(_ field: PostbackField) -> String {
        known.firstIndex(of: field).map { values[$0] } ?? ""
    }

    /// Some programs put U+FEFF before what they send.
    static func withoutMark(_ body: [UInt8]) -> [UInt8] {
        body.starts(with: [0xEF, 0xBB, 0xBF]) ? Array(body.dropFirst(3)) : body
    }

    private static func sent(in content: [UInt8], as contentType: String) -> [Part] {
        let body = withoutMark(content)
        guard let first = body.first(where: { !$0.isASCIISpace }) else { return [] }
        if first == UInt8(ascii: "{"), let object = (try? JSON(parsing: body))?.objectValue {
            return object.prefix(limit).map { (Array($0.key.utf8)[...], Array(text(of: $0.value).utf8)[...]) }
        }
        if let parts = MultipartForm.fields(of: body, contentType: contentType, limit: limit) {
            return parts.map { (Array($0.name.utf8)[...], Array(LenientForm.decoded($0.value).utf8)[...]) }
        }
        let kind = contentType.lowercased()
        let isForm = kind.isEmpty || kind.hasPrefix("application/x-www-form-urlencoded")
        guard isForm || (kind.hasPrefix("text/plain") && body.contains(UInt8(ascii: "="))) else { return [] }
        return LenientForm.pairs(of: body[...], limit: limit)
    }

    private static func text(of value: JSON) -> String {
        switch value {
        case .null: ""
        case .bool(let flag): flag ? "true" : "false"
        case .string, .integer, .number: value.lenientString ?? ""
        case .array, .object: value.text
        }
    }

    private static let secretName = Array("secret".utf8)

    private static func secret(in parts: [Part]) -> ArraySlice<UInt8>? {
        for part in parts where !part.value.isEmpty && isSecret(part.name) { return part.value }
        return nil
    }

    private static func isSecret(_ name: ArraySlice<UInt8>) -> Bool {
        guard name.count >= secretName.count, let first = name.first else { return false }
        return (first | 0x20 == UInt8(ascii: "s") || first.isASCIISpace) && name.trimmingSpaces().isCaseless(secretName)
    }

    /// `Click-ID` and `click_id` are one name.
    private static func plain(_ bytes: ArraySlice<UInt8>, _ name: String) -> String {
        let isPlain = bytes.withUnsafeBufferPointer { bytes in
            bytes.allSatisfy { 0x61...0x7A ~= $0 || 0x30...0x39 ~= $0 || $0 == UInt8(ascii: "_") }
        }
        if isPlain { return name }
        let line = bytes.trimmingSpaces().map { $0 == UInt8(ascii: "-") ? UInt8(ascii: "_") : $0 }
        return String(decoding: line, as: UTF8.self).lowercased()
    }

    private static func storable(_ text: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        text.holds(0) ? text.filter { $0 != 0 }[...] : text
    }

    /// - Parameter value: the same as the bytes.
    private static func tidy(_ bytes: ArraySlice<UInt8>, _ value: String, limit: Int) -> String {
        let trimmed = bytes.trimmingSpaces()
        let text = trimmed.count == bytes.count ? value : String(decoding: trimmed, as: UTF8.self)
        // In UTF-8 the controls beyond ASCII begin with C2.
        let mayHoldControl = trimmed.withUnsafeBufferPointer { bytes in
            bytes.contains { $0 < 0x20 || $0 == 0x7F || $0 == 0xC2 }
        }
        guard mayHoldControl else { return text.cut(toBytes: limit) }
        var line = String.UnicodeScalarView()
        line.append(contentsOf: text.unicodeScalars.lazy.map { $0.value < 0x20 || 0x7F...0x9F ~= $0.value ? " " : $0 })
        return String(String(line).trimmingSpaces()).cut(toBytes: limit)
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
}

extension ArraySlice<UInt8> {
    /// With `***` for every occurrence, found from the left.
    fileprivate func without(_ sought: [UInt8]) -> ArraySlice<UInt8> {
        guard let first = sought.first, count >= sought.count, holds(sought) else { return self }
        var result: [UInt8] = []
        var rest = self
        while let byte = rest.first {
            if byte == first, rest.starts(with: sought) {
                result += HiddenParts.mask.utf8
                rest = rest.dropFirst(sought.count)
            } else {
                result.append(byte)
                rest = rest.dropFirst()
            }
        }
        return result[...]
    }
}

/// U+0000 in JSON. It may be sent as `\u0000`, but PostgreSQL's `text` and `jsonb` can't hold it, nor can a C string.
extension JSON {
    /// Whether a text may hold one, told without parsing: the escape is the only way to write it (RFC 8259 §7).
    package static func mayHoldNUL(_ text: some Collection<UInt8>) -> Bool {
        let escape = Array(#"\u0000"#.utf8)
        var matched = 0
        for byte in text {
            // The escape begins with its only backslash, so a mismatch can begin a new match at that byte alone.
            matched = byte == escape[matched] ? matched + 1 : byte == escape[0] ? 1 : 0
            if matched == escape.count { return true }
        }
        return false
    }

    /// Where the first string or key with a NUL is: member names and places in arrays, joined by dots; empty for the value itself.
    /// Nil: there is none.
    package var placeOfNUL: String? {
        switch self {
        case .null, .bool, .integer, .number: return nil
        case .string(let text): return text.utf8.contains(0) ? "" : nil
        case .array(let elements):
            for (index, element) in elements.enumerated() {
                if let place = element.placeOfNUL { return Self.place(String(index), place) }
            }
        case .object(let object):
            for member in object.members {
                if member.key.utf8.contains(0) { return member.key.withoutNUL }
                if let place = member.value.placeOfNUL { return Self.place(member.key, place) }
            }
        }
        return nil
    }

    private static func place(_ outer: String, _ inner: String) -> String {
        inner.isEmpty ? outer : "\(outer).\(inner)"
    }

    /// The same with U+FFFD for each NUL: for what an outside service sent, which is taken as it comes.
    package var withoutNUL: JSON {
        switch self {
        case .null, .bool, .integer, .number: self
        case .string(let text): .string(text.withoutNUL)
        case .array(let elements): .array(elements.map(\.withoutNUL))
        case .object(let object):
            .object(
                JSONObject(object.members.map { JSONObject.Member(key: $0.key.withoutNUL, value: $0.value.withoutNUL) })
            )
        }
    }
}

extension String {
    /// The same with U+FFFD for each NUL.
    package var withoutNUL: String {
        guard utf8.contains(0) else { return self }
        return String(UnicodeScalarView(unicodeScalars.map { $0 == "\0" ? "\u{FFFD}" : $0 }))
    }
}

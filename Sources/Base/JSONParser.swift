extension JSON {
    /// Arrays and objects within one another; more is refused, for each level costs stack.
    package static let depthLimit = 64

    /// Strict RFC 8259: no comments, no trailing commas, no byte order mark, one value and nothing after it.
    /// A key that comes twice has its last value. Half a surrogate pair, which the grammar allows and no Unicode string
    /// can hold, becomes U+FFFD. A number beyond a double's range is refused (§9 lets a parser set limits).
    package init(parsing bytes: some Collection<UInt8>) throws(JSONError) {
        let fast = bytes.withContiguousStorageIfAvailable { JSONParser.parse($0) }
        let result = fast ?? Array(bytes).withUnsafeBufferPointer { JSONParser.parse($0) }
        self = try result.get()
    }

    package init(parsing text: String) throws(JSONError) {
        try self.init(parsing: text.utf8)
    }
}

/// Walks over the bytes once. `at` never passes `bytes.count`, and every read is checked against it.
struct JSONParser {
    private let bytes: UnsafeBufferPointer<UInt8>
    private var at = 0

    static func parse(_ bytes: UnsafeBufferPointer<UInt8>) -> Result<JSON, JSONError> {
        var parser = JSONParser(bytes: bytes)
        do throws(JSONError) {
            parser.skipSpace()
            let value = try parser.value(depth: 0)
            parser.skipSpace()
            guard parser.at == bytes.count else { throw JSONError(.trailingBytes, at: parser.at) }
            return .success(value)
        } catch {
            return .failure(error)
        }
    }

    private init(bytes: UnsafeBufferPointer<UInt8>) {
        self.bytes = bytes
    }

    private var current: UInt8? { at < bytes.count ? bytes[at] : nil }

    private func unexpected() -> JSONError {
        JSONError(at < bytes.count ? .unexpectedByte : .unexpectedEnd, at: at)
    }

    private mutating func skipSpace() {
        while let byte = current, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 { at += 1 }
    }

    private mutating func take(_ byte: UInt8) -> Bool {
        guard current == byte else { return false }
        at += 1
        return true
    }

    private mutating func value(depth: Int) throws(JSONError) -> JSON {
        guard let byte = current else { throw unexpected() }
        switch byte {
        case UInt8(ascii: "{"): return try object(depth: depth + 1)
        case UInt8(ascii: "["): return try array(depth: depth + 1)
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return try number()
        case UInt8(ascii: "t"): return try word("true", .bool(true))
        case UInt8(ascii: "f"): return try word("false", .bool(false))
        case UInt8(ascii: "n"): return try word("null", .null)
        default: throw unexpected()
        }
    }

    private mutating func word(_ word: StaticString, _ value: JSON) throws(JSONError) -> JSON {
        for index in 0..<word.utf8CodeUnitCount where !take(word.utf8Start[index]) { throw unexpected() }
        return value
    }

    private mutating func array(depth: Int) throws(JSONError) -> JSON {
        guard depth <= JSON.depthLimit else { throw JSONError(.tooDeep, at: at) }
        at += 1
        skipSpace()
        if take(UInt8(ascii: "]")) { return .array([]) }
        var elements: [JSON] = []
        while true {
            elements.append(try value(depth: depth))
            skipSpace()
            if take(UInt8(ascii: "]")) { return .array(elements) }
            guard take(UInt8(ascii: ",")) else { throw unexpected() }
            skipSpace()
        }
    }

    private mutating func object(depth: Int) throws(JSONError) -> JSON {
        guard depth <= JSON.depthLimit else { throw JSONError(.tooDeep, at: at) }
        at += 1
        skipSpace()
        if take(UInt8(ascii: "}")) { return .object(JSONObject()) }
        var members: [JSONObject.Member] = []
        while true {
            guard current == UInt8(ascii: "\"") else { throw unexpected() }
            let key = try string()
            skipSpace()
            guard take(UInt8(ascii: ":")) else { throw unexpected() }
            skipSpace()
            members.append(JSONObject.Member(key: key, value: try value(depth: depth)))
            skipSpace()
            if take(UInt8(ascii: "}")) { return .object(JSONObject(members)) }
            guard take(UInt8(ascii: ",")) else { throw unexpected() }
            skipSpace()
        }
    }
}

// MARK: - Numbers (§6)

extension JSONParser {
    /// Longer than any double needs; keeps a megabyte of digits from being worth sending.
    private static let numberLengthLimit = 1_024

    private mutating func number() throws(JSONError) -> JSON {
        let start = at
        let isNegative = take(UInt8(ascii: "-"))
        var magnitude: UInt64 = 0
        var overflowed = false
        if !take(UInt8(ascii: "0")) {
            guard let first = current, 49...57 ~= first else { throw invalidNumber() }
            while let byte = current, 48...57 ~= byte {
                let (product, over) = magnitude.multipliedReportingOverflow(by: 10)
                let (sum, carried) = product.addingReportingOverflow(UInt64(byte &- 48))
                if over || carried { overflowed = true }
                magnitude = sum
                at += 1
            }
        }
        let isWhole = current != UInt8(ascii: ".") && current != UInt8(ascii: "e") && current != UInt8(ascii: "E")
        if isWhole, !overflowed {
            if !isNegative, let value = Int64(exactly: magnitude) { return .integer(value) }
            if isNegative, magnitude <= UInt64(Int64.max) + 1 {
                return .integer(Int64(truncatingIfNeeded: 0 &- magnitude))
            }
        }
        if take(UInt8(ascii: ".")) { try digits() }
        if take(UInt8(ascii: "e")) || take(UInt8(ascii: "E")) {
            if !take(UInt8(ascii: "+")) { _ = take(UInt8(ascii: "-")) }
            try digits()
        }
        guard at - start <= Self.numberLengthLimit else { throw JSONError(.numberOutOfRange, at: start) }
        let text = String(decoding: UnsafeBufferPointer(rebasing: bytes[start..<at]), as: UTF8.self)
        guard let value = Double(text), value.isFinite else { throw JSONError(.numberOutOfRange, at: start) }
        return .number(value)
    }

    private mutating func digits() throws(JSONError) {
        guard let first = current, 48...57 ~= first else { throw invalidNumber() }
        while let byte = current, 48...57 ~= byte { at += 1 }
    }

    private func invalidNumber() -> JSONError {
        JSONError(at < bytes.count ? .invalidNumber : .unexpectedEnd, at: at)
    }
}

// MARK: - Strings (§7)

extension JSONParser {
    /// Stands on the opening quote. Text without escapes is taken in one piece.
    private mutating func string() throws(JSONError) -> String {
        at += 1
        let start = at
        try skipPlain()
        if current == UInt8(ascii: "\"") {
            at += 1
            return try text(UnsafeBufferPointer(rebasing: bytes[start..<at - 1]), start: start)
        }
        var decoded = Array(bytes[start..<at])
        while true {
            if take(UInt8(ascii: "\"")) {
                let result = decoded.withUnsafeBufferPointer { String(validating: $0, as: UTF8.self) }
                guard let result else { throw JSONError(.invalidUTF8, at: start) }
                return result
            }
            at += 1  // the backslash, the only other place where skipPlain stops
            try escape(into: &decoded)
            let plain = at
            try skipPlain()
            decoded.append(contentsOf: bytes[plain..<at])
        }
    }

    private func text(_ slice: UnsafeBufferPointer<UInt8>, start: Int) throws(JSONError) -> String {
        guard let result = String(validating: slice, as: UTF8.self) else { throw JSONError(.invalidUTF8, at: start) }
        return result
    }

    /// Stops on a quote or a backslash.
    private mutating func skipPlain() throws(JSONError) {
        while let byte = current, byte != UInt8(ascii: "\""), byte != UInt8(ascii: "\\") {
            guard byte >= 0x20 else { throw JSONError(.controlInString, at: at) }
            at += 1
        }
        if at == bytes.count { throw JSONError(.unexpectedEnd, at: at) }
    }

    private mutating func escape(into decoded: inout [UInt8]) throws(JSONError) {
        guard let letter = current else { throw JSONError(.unexpectedEnd, at: at) }
        at += 1
        switch letter {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): decoded.append(letter)
        case UInt8(ascii: "b"): decoded.append(0x08)
        case UInt8(ascii: "f"): decoded.append(0x0C)
        case UInt8(ascii: "n"): decoded.append(0x0A)
        case UInt8(ascii: "r"): decoded.append(0x0D)
        case UInt8(ascii: "t"): decoded.append(0x09)
        case UInt8(ascii: "u"): decoded.append(contentsOf: String(try unicodeEscape()).utf8)
        default: throw JSONError(.invalidEscape, at: at - 1)
        }
    }

    private mutating func unicodeEscape() throws(JSONError) -> Unicode.Scalar {
        let first = try hexUnit()
        if let scalar = Unicode.Scalar(first) { return scalar }
        // Only a high half with its low half right after it makes a character.
        let mark = at
        if first < 0xDC00, take(UInt8(ascii: "\\")), take(UInt8(ascii: "u")) {
            let second = try hexUnit()
            if 0xDC00...0xDFFF ~= second,
                let scalar = Unicode.Scalar(0x1_0000 + (UInt32(first & 0x3FF) << 10 | UInt32(second & 0x3FF)))
            {
                return scalar
            }
        }
        at = mark
        return "\u{FFFD}"
    }

    private mutating func hexUnit() throws(JSONError) -> UInt16 {
        var unit: UInt16 = 0
        for _ in 0..<4 {
            guard let byte = current else { throw JSONError(.unexpectedEnd, at: at) }
            guard let digit = Hex.value(of: byte) else { throw JSONError(.invalidEscape, at: at) }
            unit = unit << 4 | UInt16(digit)
            at += 1
        }
        return unit
    }
}

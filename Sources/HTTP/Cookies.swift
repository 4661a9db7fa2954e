/// Cookies of a request (RFC 6265 §5.4) and how to set one.
package enum Cookies {
    /// The value of the first cookie called `name` in a `Cookie` field. Over bytes: to Swift a separator and a combining mark behind it
    /// are one character, which is no separator.
    package static func value(of name: String, in header: some StringProtocol) -> String? {
        let quote = UInt8(ascii: "\"")
        for part in Array(header.utf8).split(separator: UInt8(ascii: ";")) {
            let pair = part.drop { $0 == .space }
            guard let equals = pair.firstIndex(of: UInt8(ascii: "=")), pair[..<equals].elementsEqual(name.utf8) else {
                continue
            }
            var value = pair[pair.index(after: equals)...]
            if value.count >= 2, value.first == quote, value.last == quote { value = value.dropFirst().dropLast() }
            return String(decoding: value, as: UTF8.self)
        }
        return nil
    }
}

/// One `Set-Cookie` field. `HttpOnly; SameSite=Lax; Path=/` unless said otherwise (DESIGN, "Trust").
package struct SetCookie: Sendable {
    package var name: String
    package var value: String
    /// Nil: until the browser is closed. Zero removes the cookie.
    package var maxAge: Int?
    package var isSecure: Bool
    package var isHTTPOnly: Bool

    package init(_ name: String, _ value: String, maxAge: Int? = nil, isSecure: Bool, isHTTPOnly: Bool = true) {
        self.name = name
        self.value = value
        self.maxAge = maxAge
        self.isSecure = isSecure
        self.isHTTPOnly = isHTTPOnly
    }

    /// Whether name and value stay inside their places (RFC 6265 §4.1.1): a `;` would start an attribute, a control character more.
    package var isWellFormed: Bool {
        !name.isEmpty && name.utf8.allSatisfy(isTokenByte)
            && value.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: ";") && $0 != UInt8(ascii: ",") }
    }

    package var header: String {
        var text = "\(name)=\(value); Path=/; SameSite=Lax"
        if let maxAge { text += "; Max-Age=\(maxAge)" }
        if isHTTPOnly { text += "; HttpOnly" }
        if isSecure { text += "; Secure" }
        return text
    }
}

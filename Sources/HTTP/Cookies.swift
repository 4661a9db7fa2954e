/// Cookies of a request (RFC 6265 §5.4) and how to set one.
package enum Cookies {
    /// The value of the first cookie called `name` in a `Cookie` field.
    package static func value(of name: String, in header: some StringProtocol) -> String? {
        for part in header.split(separator: ";") {
            let pair = part.drop { $0 == " " }
            guard let equals = pair.firstIndex(of: "="), pair[..<equals] == name else { continue }
            var value = pair[pair.index(after: equals)...]
            if value.count >= 2, value.first == "\"", value.last == "\"" { value = value.dropFirst().dropLast() }
            return String(value)
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

import Base

/// What of a request must not be kept: the secret it gave, wherever it stands, and what goes by the name of one.
struct HiddenParts {
    static let mask = "***"
    /// In bytes. A shorter one is none of ours and would take half of the text with it, so it is not looked for.
    static let shortestSecret = 6

    private static let headers: Set<String> = [
        "authorization", "cookie", "proxy-authorization", "x-api-key", "x-auth-token", "x-csrf-token",
    ]
    private static let names: [[UInt8]] = [
        "secret", "token", "api_key", "apikey", "api-key", "access_token", "password", "pass", "auth",
    ].map { Array($0.utf8) }

    /// Empty when no text is looked for.
    private let secret: [UInt8]
    /// No secret was found where one stands: it may stand where we can't read it, under its name.
    let isMissing: Bool

    /// - Parameter secret: as the request gave it; empty when it gave none.
    init(secret: String) {
        self.secret = secret.utf8.count >= Self.shortestSecret ? Array(secret.utf8) : []
        isMissing = secret.isEmpty
    }

    /// - Parameter name: in lowercase.
    func hasHeader(_ name: String, _ value: String) -> Bool {
        Self.headers.contains(name) || name.hasSuffix("secret") || holds(Array(value.utf8)[...])
    }

    /// Whether a parameter has to lose its value.
    /// - Parameters: as they are meant: UTF-8 without the escapes of a form.
    func hasParameter(_ name: ArraySlice<UInt8>, _ value: ArraySlice<UInt8>) -> Bool {
        Self.names(name) || holds(value) || holds(name)
    }

    func hasParameter(_ name: String, _ value: String) -> Bool {
        hasParameter(Array(name.utf8)[...], Array(value.utf8)[...])
    }

    /// Whether the secret stands in it, as it is or percent-encoded; when none was given, whether its name does.
    func holds(_ text: ArraySlice<UInt8>) -> Bool {
        if isMissing { return Self.mentionsSecret(text) }
        guard !secret.isEmpty else { return false }
        if text.holds(secret) { return true }
        return text.holds(UInt8(ascii: "%")) && LenientForm.plain(text, plusIsSpace: false).holds(secret)
    }

    func holds(_ text: String) -> Bool { holds(Array(text.utf8)[...]) }

    private static func mentionsSecret(_ text: ArraySlice<UInt8>) -> Bool {
        let plain = text.holds(UInt8(ascii: "%")) ? LenientForm.plain(text, plusIsSpace: false) : text
        return plain.map { 0x41...0x5A ~= $0 ? $0 | 0x20 : $0 }[...].holds(Array("secret".utf8))
    }

    private static func names(_ name: ArraySlice<UInt8>) -> Bool {
        let name = name.trimmingSpaces()
        return names.contains { name.isCaseless($0) }
    }
}

extension ArraySlice<UInt8> {
    /// Whether it is `name`, which is written in lowercase, in any case of ASCII.
    func isCaseless(_ name: [UInt8]) -> Bool {
        guard count == name.count else { return false }
        for (place, byte) in zip(indices, name)
        where (0x41...0x5A ~= self[place] ? self[place] | 0x20 : self[place]) != byte {
            return false
        }
        return true
    }
}

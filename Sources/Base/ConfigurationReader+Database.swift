extension ConfigurationReader {
    /// `DATABASE_URL`, or an address made of `POSTGRES_HOST` and its kin; nil without either.
    mutating func databaseURL() -> Secret? {
        if text("DATABASE_URL") != nil {
            return value("DATABASE_URL", must: "start with postgresql:// or postgres://") { text in
                Self.withoutDriver(text).map { Secret($0) }
            }
        }
        guard let host = text("POSTGRES_HOST")?.value else { return nil }
        let port = number("POSTGRES_PORT", 1...65_535) ?? 5_432
        let user = text("POSTGRES_USER")?.value ?? "postgres"
        let password = text("POSTGRES_PASSWORD").map { ":" + Self.percentEncoded($0.value) } ?? ""
        let database = text("POSTGRES_DB")?.value ?? user
        // Encoded, a socket's directory may stand as host; only an IPv6 address needs its brackets.
        let place = if case .v6 = IPAddress(host) { "[\(host)]" } else { Self.percentEncoded(host) }
        return Secret(
            "postgresql://\(Self.percentEncoded(user))\(password)@\(place):\(port)/\(Self.percentEncoded(database))")
    }

    /// Python's `postgresql+asyncpg://` names a driver that libpq knows nothing of.
    private static func withoutDriver(_ text: String) -> String? {
        guard let mark = text.firstRange(of: "://"), !text.utf8.contains(where: { $0 <= 0x20 }) else { return nil }
        let scheme = text[..<mark.lowerBound].split(separator: "+", maxSplits: 1).first
        guard scheme == "postgresql" || scheme == "postgres" else { return nil }
        return "postgresql" + text[mark.lowerBound...]
    }

    /// All but the unreserved characters of RFC 3986 §2.3.
    private static func percentEncoded(_ text: String) -> String {
        var result: [UInt8] = []
        for byte in text.utf8 {
            switch byte {
            case 48...57, 65...90, 97...122, UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "~"):
                result.append(byte)
            default:
                result += [UInt8(ascii: "%")]
                result += Hex.encode([byte]).utf8
            }
        }
        return String(decoding: result, as: UTF8.self)
    }
}

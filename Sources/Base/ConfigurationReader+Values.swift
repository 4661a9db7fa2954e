/// The kinds of value a variable can have. Each answers nil when it is absent, and nil with a problem when it is bad.
extension ConfigurationReader {
    mutating func number(_ name: String, _ range: ClosedRange<Int>) -> Int? {
        value(name, must: "be a whole number from \(range.lowerBound) to \(range.upperBound)") { text in
            Self.digits(text).flatMap { range.contains($0) ? $0 : nil }
        }
    }

    mutating func port(_ name: String, _ alias: String) -> UInt16? {
        value(name, alias, must: "be a port number from 0 to 65535") { text in
            Self.digits(text).flatMap { UInt16(exactly: $0) }
        }
    }

    mutating func listeningAddress(_ name: String) -> String? {
        value(name, must: "be a numeric address such as 0.0.0.0, 127.0.0.1 or ::") { text in
            text == "localhost" ? "127.0.0.1" : IPAddress(text)?.description
        }
    }

    mutating func addresses(_ name: String) -> AddressList? {
        value(name, must: "be addresses or CIDR blocks with commas between, such as 10.0.0.0/8,::1") {
            AddressList($0)
        }
    }

    mutating func directory(_ name: String, _ machine: Machine) -> String? {
        value(name, must: "be a path") { $0.utf8.contains(0) ? nil : machine.absolute($0) }
    }

    mutating func tlsFiles(_ machine: Machine) -> TLSFiles? {
        let certificate = directory("TLS_CERTIFICATE", machine)
        let key = directory("TLS_KEY", machine)
        if certificate != nil, key == nil { report("TLS_KEY", "must be set when TLS_CERTIFICATE is.") }
        if certificate == nil, key != nil { report("TLS_CERTIFICATE", "must be set when TLS_KEY is.") }
        guard let certificate, let key else { return nil }
        return TLSFiles(certificate: certificate, key: key)
    }

    mutating func logLevel(_ name: String) -> Logger.Level? {
        value(name, must: "be debug, info, warning or error") { Logger.Level(rawValue: $0.lowercased()) }
    }

    mutating func currency(_ name: String) -> String? {
        value(name, must: "be the three capital letters of a currency, such as EUR") { text in
            text.utf8.count == 3 && text.utf8.allSatisfy { (65...90).contains($0) } ? text : nil
        }
    }

    mutating func hostNames(_ name: String) -> [String]? {
        value(name, must: "be host names with commas between, without ports or slashes") { text in
            let names = text.split(separator: ",").map { $0.trimmingSpaces().lowercased() }.filter { !$0.isEmpty }
            return names.allSatisfy(AbsoluteURL.isHost) ? names : nil
        }
    }

    mutating func secretKey(_ name: String) -> Secret? {
        let length = SecretKey.minimumLength
        return value(name, must: "have at least \(length) characters, and not be the one of the example") { text in
            // The example's is public, and people do start with a copied file.
            text.count >= length && text != "your-secret-key-here-change-in-production" ? Secret(text) : nil
        }
    }

    mutating func publicURL() -> String? {
        if text("PUBLIC_URL") != nil {
            return value("PUBLIC_URL", must: "be an address such as https://desk.example.com") { text in
                AbsoluteURL(text, schemes: ["http", "https"]).flatMap { $0.hasUserInfo ? nil : $0.text }
            }
        }
        return value("WEBHOOK_DOMAIN", must: "be a domain such as desk.example.com") { text in
            AbsoluteURL(text.contains("://") ? text : "https://\(text)", schemes: ["http", "https"])
                .flatMap { $0.hasUserInfo ? nil : $0.text }
        }
    }

    mutating func keitaroURL(_ name: String) -> String? {
        value(name, must: "be an address such as https://tracker.example.com") { text in
            guard let url = AbsoluteURL(text, schemes: ["http", "https"]), !url.hasUserInfo else { return nil }
            return url.dropping(path: "/admin_api/v1")
        }
    }

    /// As @BotFather gives it: digits, a colon, and at least twenty of `[A-Za-z0-9_-]`.
    mutating func botToken(_ name: String) -> Secret? {
        value(name, must: "be a bot's token as @BotFather gives it, such as 123456:ABC-DEF") { text in
            let parts = text.split(separator: ":", omittingEmptySubsequences: false)
            guard parts.count == 2, Self.telegramID(parts[0]).map({ $0 > 0 }) == true, parts[1].utf8.count >= 20,
                parts[1].utf8.allSatisfy(Self.isTokenByte)
            else { return nil }
            return Secret(text)
        }
    }

    mutating func telegramIDs(_ name: String) -> Set<Int64>? {
        value(name, must: "be Telegram ids (numbers) with commas between") { text in
            let ids = text.split { $0 == "," || $0 == ";" || $0 == " " }.map(Self.telegramID)
            return ids.contains(nil) ? nil : Set(ids.compactMap { $0 })
        }
    }

    mutating func apiURL(_ name: String) -> String? {
        value(name, must: "be an address such as http://127.0.0.1:8081") { text in
            AbsoluteURL(text, schemes: ["http", "https"]).flatMap { $0.hasUserInfo ? nil : $0.text }
        }
    }

    private static func telegramID(_ text: Substring) -> Int64? {
        1...18 ~= text.utf8.count && text.utf8.allSatisfy { 48...57 ~= $0 } ? Int64(text) : nil
    }

    private static func isTokenByte(_ byte: UInt8) -> Bool {
        48...57 ~= byte || 65...90 ~= byte || 97...122 ~= byte || byte == UInt8(ascii: "_") || byte == UInt8(ascii: "-")
    }

    mutating func proxy(_ name: String, _ alias: String) -> Secret? {
        value(name, alias, must: "be an address such as http://proxy.example.com:3128") { text in
            // curl takes a bare host and port for an HTTP proxy.
            AbsoluteURL(
                text.contains("://") ? text : "http://\(text)", schemes: ["http", "https", "socks5", "socks5h"]
            )
            .map { Secret($0.text) }
        }
    }

    /// At most nine digits, so nothing can overflow; no sign.
    private static func digits(_ text: String) -> Int? {
        1...9 ~= text.utf8.count && text.utf8.allSatisfy { 48...57 ~= $0 } ? Int(text) : nil
    }
}

/// An absolute address out of the configuration: scheme, host, perhaps a port and a path; no query, no fragment.
struct AbsoluteURL {
    /// Scheme and host in lowercase, without a slash at the end.
    let text: String
    /// A name or a password before the host.
    let hasUserInfo: Bool
    private let pathStart: String.Index

    init?(_ input: String, schemes: [String]) {
        guard let mark = input.firstRange(of: "://") else { return nil }
        let scheme = input[..<mark.lowerBound].lowercased()
        guard schemes.contains(scheme), input.utf8.allSatisfy({ 0x21...0x7E ~= $0 }),
            !input.utf8.contains(where: { "?#\\\"<>^`{|}".utf8.contains($0) })
        else { return nil }
        let rest = input[mark.upperBound...]
        let authority = rest[..<(rest.firstIndex(of: "/") ?? rest.endIndex)]
        var path = rest[authority.endIndex...]
        while path.hasSuffix("/") { path.removeLast() }
        let at = authority.lastIndex(of: "@")
        let user = authority[..<(at.map { authority.index(after: $0) } ?? authority.startIndex)]
        let place = authority[user.endIndex...].lowercased()
        guard Self.isHostAndPort(place) else { return nil }
        hasUserInfo = at != nil
        let head = "\(scheme)://\(user)\(place)"
        text = head + path
        pathStart = text.utf8.index(text.startIndex, offsetBy: head.utf8.count)
    }

    /// The text without `path` at its end, should it end so.
    func dropping(path: String) -> String {
        text[pathStart...].hasSuffix(path) ? Self.withoutSlashes(text.dropLast(path.count)) : text
    }

    /// A name of letters, digits, hyphens, underscores and dots in lowercase, an IPv4 address, or IPv6 in brackets.
    static func isHost(_ text: some StringProtocol) -> Bool {
        let bytes = text.utf8
        if text.hasPrefix("["), text.hasSuffix("]") {
            return if case .v6 = IPAddress(text.dropFirst().dropLast()) { true } else { false }
        }
        let isName = bytes.allSatisfy { 48...57 ~= $0 || 97...122 ~= $0 || "-._".utf8.contains($0) }
        return 1...253 ~= bytes.count && isName && !text.hasPrefix(".") && !text.hasPrefix("-") && !text.contains("..")
    }

    private static func isHostAndPort(_ place: String) -> Bool {
        // The colons inside brackets are the address's own.
        let afterAddress = place.lastIndex(of: "]").map { place.index(after: $0) } ?? place.startIndex
        guard let colon = place[afterAddress...].firstIndex(of: ":") else { return isHost(place) }
        return isHost(place[..<colon]) && isPort(place[place.index(after: colon)...])
    }

    private static func isPort(_ text: Substring) -> Bool {
        1...5 ~= text.utf8.count && text.utf8.allSatisfy { 48...57 ~= $0 } && UInt16(text).map { $0 > 0 } == true
    }

    private static func withoutSlashes(_ text: Substring) -> String {
        var rest = text
        while rest.hasSuffix("/") { rest.removeLast() }
        return String(rest)
    }
}

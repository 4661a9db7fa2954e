/// Refuses requests meant for another name: links made from a forged `Host` would lead away, and a page elsewhere could reach a
/// desk inside a network by pointing its own name there (DNS rebinding). RFC 9110 §15.5.20.
package struct AllowedHosts: Sendable {
    private let names: Set<String>

    /// - Parameter names: in lower case, without ports, IPv6 addresses with or without brackets; empty: every name is taken.
    package init(_ names: [String]) {
        self.names = Set(names.map { $0.hasPrefix("[") ? Self.name(of: $0) : $0 })
    }

    package func admits(_ host: String?) -> Bool {
        if names.isEmpty { return true }
        guard let host else { return false }
        return names.contains(Self.name(of: host))
    }

    /// Without the port and the final dot of a full name: `Desk.example.com.:8080` is `desk.example.com`, `[::1]:80` is `::1`.
    package static func name(of host: String) -> String {
        var name = Substring(host)
        if name.first == "[", let end = name.firstIndex(of: "]") {
            name = name[name.index(after: name.startIndex)..<end]
        } else if let colon = name.firstIndex(of: ":") {
            name = name[..<colon]
        }
        if name.last == "." { name = name.dropLast() }
        return name.lowercased()
    }

    /// Stands before everything that reads the request. Bare routes (`/health`, `/ready`) are asked by address and stay open.
    package var middleware: Middleware {
        { request, next in
            guard admits(request.host) else { throw HTTPError(.misdirected) }
            return try await next(request)
        }
    }
}

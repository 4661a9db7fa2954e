import Base
import HTTP
import Reactor

/// Whose address a request came from: the socket's peer, or, when that is a trusted proxy, the last address in
/// `X-Forwarded-For` that isn't one.
package enum ClientAddress {
    package static func of(_ request: Request, trusting proxies: AddressList) -> String {
        numeric(request, trusting: proxies)?.description ?? "unknown"
    }

    /// Nil for a request without a socket.
    package static func numeric(_ request: Request, trusting proxies: AddressList) -> IPAddress? {
        guard let peer = request.peer?.ip else { return nil }
        guard proxies.contains(peer), let forwarded = request.header("x-forwarded-for") else { return peer }
        var nearest = peer
        for part in forwarded.split(separator: ",").reversed() {
            guard let address = address(in: part)?.unmapped else { break }
            nearest = address
            if !proxies.contains(address) { break }
        }
        return nearest
    }

    /// One entry of the field: an address, which some proxies give a port (`192.0.2.1:5678`, `[2001:db8::1]:443`, as in RFC 7239 §6.1).
    /// Nil for anything else.
    static func address(in entry: some StringProtocol) -> IPAddress? {
        let text = String(entry.filter { $0 != " " })
        if text.hasPrefix("[") {
            let parts = text.dropFirst().split(separator: "]", maxSplits: 1, omittingEmptySubsequences: false)
            guard parts.count == 2, parts[0].contains(":") else { return nil }
            guard parts[1].isEmpty || parts[1].first == ":" && isPort(parts[1].dropFirst()) else { return nil }
            return IPAddress(parts[0])
        }
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count == 2 else { return IPAddress(text) }
        return isPort(parts[1]) ? IPAddress(parts[0]) : nil
    }

    private static func isPort(_ text: some StringProtocol) -> Bool {
        text.utf8.allSatisfy { 48...57 ~= $0 } && UInt16(text) != nil
    }
}

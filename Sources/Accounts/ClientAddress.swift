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
            guard let address = IPAddress(String(part.filter { $0 != " " }))?.unmapped else { break }
            nearest = address
            if !proxies.contains(address) { break }
        }
        return nearest
    }
}

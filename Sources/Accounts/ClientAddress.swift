import Base
import HTTP
import Reactor

/// Whose address a request came from: the socket's peer, or, when that is a trusted proxy, the last address in
/// `X-Forwarded-For` that isn't one.
package enum ClientAddress {
    package static func of(_ request: Request, trusting proxies: AddressList) -> String {
        guard let peer = request.peer.map(address) else { return "unknown" }
        guard proxies.contains(peer), let forwarded = request.header("x-forwarded-for") else { return peer.description }
        var nearest = peer
        for part in forwarded.split(separator: ",").reversed() {
            guard let address = IPAddress(String(part.filter { $0 != " " }))?.unmapped else { break }
            nearest = address
            if !proxies.contains(address) { break }
        }
        return nearest.description
    }

    private static func address(_ peer: SocketAddress) -> IPAddress {
        switch peer {
        case .v4(let number, _): .v4(number)
        case .v6(let high, let low, _): IPAddress.v6(high: high, low: low).unmapped
        }
    }
}

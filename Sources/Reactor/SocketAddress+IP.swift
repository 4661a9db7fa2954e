import Base

extension SocketAddress {
    /// Without the port; an IPv4 address inside an IPv6 one is taken out of it.
    package var ip: IPAddress {
        switch self {
        case .v4(let number, _): .v4(number)
        case .v6(let high, let low, _): IPAddress.v6(high: high, low: low).unmapped
        }
    }
}

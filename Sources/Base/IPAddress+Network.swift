extension IPAddress {
    /// Whom a limit means: one IPv4 address, or the /64 that an IPv6 customer has at least (RFC 6177).
    package var network: IPAddress {
        switch unmapped {
        case .v4(let number): .v4(number)
        case .v6(let high, _): .v6(high: high, low: 0)
        }
    }
}

/// A block of addresses in CIDR form, `10.0.0.0/8` or `2001:db8::/32`; a bare address is a block of one.
package struct AddressRange: Hashable, Sendable {
    /// The first address, bits beyond the prefix cleared. IPv4-mapped blocks are kept as IPv4.
    package let first: IPAddress
    /// 0...32 for IPv4, 0...128 for IPv6.
    package let prefix: Int

    /// Bits beyond the prefix may be set in the text, as in `10.1.2.3/8`. Nil for anything that is not a block.
    package init?(_ text: some StringProtocol) {
        let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        guard let start = parts.first, let address = IPAddress(start) else { return nil }
        let width = if case .v4 = address { 32 } else { 128 }
        var prefix = width
        if parts.count == 2 {
            let digits = parts[1].utf8
            guard 1...3 ~= digits.count, digits.allSatisfy({ 48...57 ~= $0 }), let number = Int(parts[1]),
                number <= width, String(number) == parts[1]
            else { return nil }
            prefix = number
        }
        if case .v4 = address.unmapped, width == 128, prefix >= 96 {
            prefix -= 96
        } else if width == 128 {
            // A block wider than the mapped ones is IPv6, wherever it starts.
            self.init(keeping: address, prefix)
            return
        }
        self.init(keeping: address.unmapped, prefix)
    }

    private init(keeping address: IPAddress, _ prefix: Int) {
        first = Self.clear(address, beyond: prefix)
        self.prefix = prefix
    }

    /// An IPv4-mapped IPv6 address counts as the IPv4 address.
    package func contains(_ address: IPAddress) -> Bool {
        switch (first, address.unmapped) {
        case (.v4, .v4(let number)): Self.clear(.v4(number), beyond: prefix) == first
        case (.v6, .v6(let high, let low)): Self.clear(.v6(high: high, low: low), beyond: prefix) == first
        default: false
        }
    }

    private static func clear(_ address: IPAddress, beyond prefix: Int) -> IPAddress {
        // Swift's smart shifts give 0 for a shift by the whole width, which C would not.
        switch address {
        case .v4(let number): .v4(number & UInt32.max << (32 - prefix))
        case .v6(let high, let low):
            .v6(
                high: high & UInt64.max << max(0, 64 - prefix),
                low: low & UInt64.max << min(64, 128 - prefix))
        }
    }
}

extension AddressRange: CustomStringConvertible {
    package var description: String { "\(first)/\(prefix)" }
}

/// Some blocks of addresses, such as those of the proxies that we believe.
package struct AddressList: Hashable, Sendable {
    package let ranges: [AddressRange]

    package init(_ ranges: [AddressRange] = []) {
        self.ranges = ranges
    }

    /// Blocks with commas between; spaces around them and empty places are passed over. Nil when one is not a block.
    package init?(_ text: some StringProtocol) {
        var ranges: [AddressRange] = []
        for part in text.split(separator: ",") {
            let trimmed = part.trimmingSpaces()
            if trimmed.isEmpty { continue }
            guard let range = AddressRange(trimmed) else { return nil }
            ranges.append(range)
        }
        self.ranges = ranges
    }

    package var isEmpty: Bool { ranges.isEmpty }

    package func contains(_ address: IPAddress) -> Bool {
        ranges.contains { $0.contains(address) }
    }
}

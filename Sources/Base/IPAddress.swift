/// An IPv4 or IPv6 address as numbers, in host byte order. No name, no port, no zone.
package enum IPAddress: Hashable, Sendable {
    case v4(UInt32)
    case v6(high: UInt64, low: UInt64)

    /// `::ffff:192.0.2.1` as the IPv4 address that it stands for (RFC 4291 §2.5.5.2); any other address as it is.
    package var unmapped: IPAddress {
        if case .v6(0, let low) = self, low >> 32 == 0xFFFF { .v4(UInt32(truncatingIfNeeded: low)) } else { self }
    }
}

extension IPAddress {
    /// Dotted decimal with four numbers and no leading zeros, or IPv6 text (RFC 4291 §2.2). Nil for anything else.
    package init?(_ text: some StringProtocol) {
        // The longest is 45: six groups and a dotted tail.
        let bytes = Array(text.utf8.prefix(46))
        guard bytes.count <= 45 else { return nil }
        if bytes.contains(UInt8(ascii: ":")) {
            guard let address = Self.parseV6(bytes) else { return nil }
            self = address
        } else {
            guard let number = Self.parseV4(bytes[...]) else { return nil }
            self = .v4(number)
        }
    }

    private static func parseV4(_ bytes: ArraySlice<UInt8>) -> UInt32? {
        let parts = bytes.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        guard parts.count == 4 else { return nil }
        var result: UInt32 = 0
        for part in parts {
            // A leading zero means octal to some readers, so it means nothing here.
            guard 1...3 ~= part.count, part.count == 1 || part.first != UInt8(ascii: "0") else { return nil }
            var number: UInt32 = 0
            for byte in part {
                guard 48...57 ~= byte else { return nil }
                number = number * 10 + UInt32(byte - 48)
            }
            guard number <= 255 else { return nil }
            result = result << 8 | number
        }
        return result
    }

    private static func parseV6(_ bytes: [UInt8]) -> IPAddress? {
        let colon = UInt8(ascii: ":")
        guard let gap = (1..<bytes.count).first(where: { bytes[$0] == colon && bytes[$0 - 1] == colon }) else {
            guard let all = groups(bytes[...], mayEndDotted: true), all.count == 8 else { return nil }
            return joined(all)
        }
        // A second "::" leaves an empty group in one of the halves, and so is refused.
        guard let head = groups(bytes[..<(gap - 1)], mayEndDotted: false),
            let tail = groups(bytes[(gap + 1)...], mayEndDotted: true), head.count + tail.count <= 7
        else { return nil }
        return joined(head + Array(repeating: 0, count: 8 - head.count - tail.count) + tail)
    }

    /// The groups between single colons; none for empty text.
    private static func groups(_ bytes: ArraySlice<UInt8>, mayEndDotted: Bool) -> [UInt16]? {
        if bytes.isEmpty { return [] }
        var result: [UInt16] = []
        let parts = bytes.split(separator: UInt8(ascii: ":"), omittingEmptySubsequences: false)
        for (index, part) in parts.enumerated() {
            if mayEndDotted, index == parts.count - 1, part.contains(UInt8(ascii: ".")) {
                guard let number = parseV4(part) else { return nil }
                result += [UInt16(number >> 16), UInt16(truncatingIfNeeded: number)]
            } else {
                guard let group = hexGroup(part) else { return nil }
                result.append(group)
            }
        }
        return result
    }

    /// Of exactly eight groups.
    private static func joined(_ groups: [UInt16]) -> IPAddress {
        let halves = [groups.prefix(4), groups.dropFirst(4)].map { $0.reduce(UInt64(0)) { $0 << 16 | UInt64($1) } }
        return .v6(high: halves[0], low: halves[1])
    }

    private static func hexGroup(_ bytes: ArraySlice<UInt8>) -> UInt16? {
        guard 1...4 ~= bytes.count else { return nil }
        var group: UInt16 = 0
        for byte in bytes {
            guard let digit = Hex.value(of: byte) else { return nil }
            group = group << 4 | UInt16(digit)
        }
        return group
    }
}

extension IPAddress: CustomStringConvertible {
    /// The one canonical text: dotted decimal, or RFC 5952 (lowercase, the longest run of zeros as `::`).
    package var description: String {
        switch self {
        case .v4(let number): Self.dotted(number)
        case .v6(0, let low) where low >> 32 == 0xFFFF: "::ffff:" + Self.dotted(UInt32(truncatingIfNeeded: low))
        case .v6(let high, let low): Self.colons(high, low)
        }
    }

    private static func dotted(_ number: UInt32) -> String {
        "\(number >> 24).\(number >> 16 & 255).\(number >> 8 & 255).\(number & 255)"
    }

    private static func colons(_ high: UInt64, _ low: UInt64) -> String {
        let groups = [high, low].flatMap { half in [48, 32, 16, 0].map { half >> $0 & 0xFFFF } }
        var gap = 0..<0
        var run = 0..<0
        for (index, group) in groups.enumerated() {
            run = group == 0 ? (run.isEmpty ? index : run.lowerBound)..<(index + 1) : 0..<0
            // Only runs of two and more, the first of the longest (RFC 5952 §4.2).
            if run.count > max(gap.count, 1) { gap = run }
        }
        func text(_ part: ArraySlice<UInt64>) -> String {
            part.map { String($0, radix: 16) }.joined(separator: ":")
        }
        return gap.isEmpty
            ? text(groups[...]) : text(groups[..<gap.lowerBound]) + "::" + text(groups[gap.upperBound...])
    }
}

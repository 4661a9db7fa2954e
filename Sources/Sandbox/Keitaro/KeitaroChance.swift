/// Numbers that look random and are always the same: SplitMix64. The standard library's `random(in:using:)` may change
/// between versions, so the ways to draw from it are our own.
struct KeitaroChance {
    private var state: UInt64

    init(_ seed: UInt64) {
        state = seed
    }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        return Self.mixed(state)
    }

    /// 0..<1
    mutating func fraction() -> Double { Self.fraction(next()) }

    /// 0..<count; `count` > 0.
    mutating func below(_ count: Int) -> Int { Int(next() % UInt64(count)) }

    mutating func within(_ range: ClosedRange<Int>) -> Int { range.lowerBound + below(range.count) }

    mutating func within(_ range: ClosedRange<Double>) -> Double {
        range.lowerBound + (range.upperBound - range.lowerBound) * fraction()
    }

    /// True `percent` times of a hundred.
    mutating func happens(_ percent: Int) -> Bool { below(100) < percent }

    mutating func pick<Element>(_ elements: [Element]) -> Element { elements[below(elements.count)] }

    /// `count` different elements, in a random order; fewer when there are not so many.
    mutating func pick<Element>(_ count: Int, of elements: [Element]) -> [Element] {
        var rest = elements
        var picked: [Element] = []
        while picked.count < count, !rest.isEmpty { picked.append(rest.remove(at: below(rest.count))) }
        return picked
    }

    /// A number 0..<1 that belongs to these coordinates: the same one in whatever order they are asked for.
    static func fraction(_ seed: UInt64, _ first: Int64, _ second: Int64, _ third: Int64 = 0) -> Double {
        var hash = mixed(seed &+ UInt64(bitPattern: first) &* 0x9E37_79B9_7F4A_7C15)
        hash = mixed(hash ^ UInt64(bitPattern: second) &* 0xD6E8_FEB8_6659_FD93)
        return fraction(mixed(hash &+ UInt64(bitPattern: third) &* 0xA076_1D64_78BD_642F))
    }

    private static func fraction(_ bits: UInt64) -> Double { Double(bits >> 11) * 0x1p-53 }

    private static func mixed(_ value: UInt64) -> UInt64 {
        var value = value
        value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
        return value ^ (value >> 31)
    }
}

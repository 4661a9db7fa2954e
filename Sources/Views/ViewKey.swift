/// A name in a page's values, kept as the 64-bit FNV-1a hash of its UTF-8 bytes.
///
/// Templates hash their names once when parsed and pages hash theirs when built, so a lookup compares machine words and
/// never text. Names are written by authors, not visitors; `TemplateSet` refuses templates in which two names collide.
package struct ViewKey: Hashable, Sendable, ExpressibleByStringLiteral {
    let hash: UInt64

    package init(_ name: String) {
        var hash = Self.seed
        for byte in name.utf8 { hash = (hash ^ UInt64(byte)) &* Self.prime }
        self.hash = hash
    }

    @inline(__always)
    package init(stringLiteral name: StaticString) {
        self.hash = name.withUTF8Buffer { Self.hash($0) }
    }

    init(_ bytes: some Collection<UInt8>) {
        var hash = Self.seed
        for byte in bytes { hash = (hash ^ UInt64(byte)) &* Self.prime }
        self.hash = hash
    }

    private static let seed: UInt64 = 0xcbf2_9ce4_8422_2325
    private static let prime: UInt64 = 0x100_0000_01b3

    private static func hash(_ bytes: UnsafeBufferPointer<UInt8>) -> UInt64 {
        var hash = seed
        for byte in bytes { hash = (hash ^ UInt64(byte)) &* prime }
        return hash
    }
}

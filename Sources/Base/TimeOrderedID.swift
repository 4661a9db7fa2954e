/// Ids that are made here, before anything is stored: UUIDs of version 7 (RFC 9562 §5.7), of which later ones sort behind earlier ones
/// to the millisecond.
package enum TimeOrderedID {
    /// As PostgreSQL writes it: 36 characters in lowercase.
    package static func make(at moment: Timestamp = .now()) -> String {
        var generator = SystemRandomNumberGenerator()
        let milliseconds = UInt64(clamping: moment.microseconds / 1_000) & 0xFFFF_FFFF_FFFF
        let high = milliseconds << 16 | 0x7000 | (generator.next() & 0x0FFF)
        let low = generator.next() & 0x3FFF_FFFF_FFFF_FFFF | 0x8000_0000_0000_0000
        let digits = Array("0123456789abcdef".utf8)
        return String(unsafeUninitializedCapacity: 36) { text in
            var place = 0
            for index in 0..<32 {
                if index == 8 || index == 12 || index == 16 || index == 20 {
                    text[place] = UInt8(ascii: "-")
                    place += 1
                }
                let word = index < 16 ? high : low
                text[place] = digits[Int(word >> (60 - UInt64(index % 16) * 4) & 0xF)]
                place += 1
            }
            return place
        }
    }
}

import Base

/// A placeholder that nobody filled in reaches us as it was written: `{offer_name}` from Keitaro, `{{ad.id}}` and `__CID__`
/// from traffic sources (reference, keitaro.md §2.1). Like a blank it says nothing.
package enum UnresolvedMacro {
    /// True also for a blank.
    package static func isMissing(_ value: String) -> Bool { isMissing(Array(value.utf8)[...]) }

    static func isMissing(_ value: ArraySlice<UInt8>) -> Bool {
        // Nearly all begin so.
        if let first = value.first, first > 0x20, first != UInt8(ascii: "{"), first != UInt8(ascii: "_") {
            return false
        }
        let text = value.trimmingSpaces()
        guard let first = text.first, let last = text.last else { return true }
        if first == UInt8(ascii: "{"), last == UInt8(ascii: "}") {
            // With a quotation mark it is an object of JSON, which somebody did fill in.
            return text.count >= 2 && !text.contains(UInt8(ascii: "\""))
        }
        let line = UInt8(ascii: "_")
        guard first == line, text.count > 4, text.prefix(2).last == line, text.suffix(2).allSatisfy({ $0 == line })
        else {
            return false
        }
        return text.allSatisfy { 0x41...0x5A ~= $0 || 0x30...0x39 ~= $0 || $0 == line }
    }
}

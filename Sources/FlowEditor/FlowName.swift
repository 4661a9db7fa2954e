/// What a flow is called beside its number.
enum FlowName {
    /// The name without the "Flow 2" that Keitaro puts before it by itself: pages say the number in their own language. Nil when
    /// nothing else is left.
    static func own(_ name: String, number: Int) -> String? {
        let prefix = "Flow \(number)"
        guard name.hasPrefix(prefix) else { return name.isEmpty ? nil : name }
        let rest = name.dropFirst(prefix.count)
        if rest.first?.isNumber == true { return name }
        let trimmed = rest.drop { !$0.isLetter && !$0.isNumber }
        return trimmed.isEmpty ? nil : String(trimmed)
    }
}

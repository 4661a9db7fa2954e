extension NumberFormat {
    /// "2 min 37 s": the two largest units, a zero second one left out; below a second "850 ms". Parts below the smallest
    /// unit shown are cut off. Each number keeps to its unit by a no-break space; between the two is an ordinary space.
    package func duration(_ duration: Duration?) -> String {
        guard let duration else { return Self.missing }
        let (wholeSeconds, attoseconds) = duration.components
        let isNegative = wholeSeconds < 0 || attoseconds < 0
        let seconds = wholeSeconds.magnitude
        let milliseconds = attoseconds.magnitude / 1_000_000_000_000_000
        let parts: [(UInt64, Unit)] = [
            (seconds / 86_400, .day), (seconds / 3600 % 24, .hour), (seconds / 60 % 60, .minute),
            (seconds % 60, .second),
        ]
        guard let largest = parts.firstIndex(where: { $0.0 > 0 }) else {
            if milliseconds == 0 { return "0" + Self.noBreakSpace + name(.second) }
            return (isNegative ? Self.minus : "") + "\(milliseconds)" + Self.noBreakSpace + name(.millisecond)
        }
        let shown = parts[largest...].prefix(2).filter { $0.0 > 0 }.map { amount, unit in
            number(Int64(clamping: amount)) + Self.noBreakSpace + name(unit)
        }
        return (isNegative ? Self.minus : "") + shown.joined(separator: " ")
    }

    private enum Unit {
        case day, hour, minute, second, millisecond
    }

    private func name(_ unit: Unit) -> String {
        switch (unit, language) {
        case (.day, .en): "d"
        case (.day, .uk), (.day, .ru): "д"
        case (.hour, .en): "h"
        case (.hour, .uk): "год"
        case (.hour, .ru): "ч"
        case (.minute, .en): "min"
        case (.minute, .uk): "хв"
        case (.minute, .ru): "мин"
        case (.second, .en): "s"
        case (.second, .uk), (.second, .ru): "с"
        case (.millisecond, .en): "ms"
        case (.millisecond, .uk), (.millisecond, .ru): "мс"
        }
    }
}

import Base

@testable import HTTP

/// Values of header fields: what is read from them is what a second, plain reading finds, or can be written and read again.
enum FieldInvariants {
    /// - Parameter seed: chooses the length of the content.
    static func checkRange(_ input: [UInt8], seed: UInt8) {
        let field = String(decoding: input, as: UTF8.self)
        let count = [0, 1, 10, 1000, Int.max][Int(seed) % 5]
        switch ByteRange(field, of: count) {
        case .whole: break
        case .unsatisfiable:
            require(
                input.last != UInt8(ascii: "-") || !field.hasSuffix("=0-") || count == 0, "from the start is refused")
        case .part(let range):
            require(!range.isEmpty && range.lowerBound >= 0 && range.upperBound <= count, "\(range) of \(count)")
            let written = "bytes=\(range.lowerBound)-\(range.upperBound - 1)"
            require(ByteRange(written, of: count) == .part(range), "written again it is another")
            require(!input.contains(UInt8(ascii: ",")), "one of several was chosen")
        }
    }

    static func checkDate(_ input: [UInt8]) {
        guard let time = HTTPDate.time(from: String(decoding: input, as: UTF8.self)) else { return }
        // The leap second of the last day that four digits have.
        if time.date.year == 10_000 { return }
        let written = HTTPDate.text(time)
        require(HTTPDate.time(from: written) == time, "written again it is another: \(written)")
        require((0...9999).contains(time.date.year), "the year \(time.date.year)")
        require(time.microseconds % 1_000_000 == 0, "there are no parts of seconds")
    }

    static func checkEncoding(_ input: [UInt8]) {
        let field = String(decoding: input, as: UTF8.self)
        let answer = AcceptEncoding.prefersGzip(field)
        let loud = String(decoding: field.utf8.map { (97...122).contains($0) ? $0 - 32 : $0 }, as: UTF8.self)
        require(AcceptEncoding.prefersGzip(loud) == answer, "capitals change the answer")
        require(
            AcceptEncoding.prefersGzip("br;q=0.3 ,\(field)\t, deflate") == answer, "other codings change the answer")
        require(!AcceptEncoding.prefersGzip("\(field),identity,gzip;q=0.999") || answer, "the worse is preferred")
        require(!answer || field.utf8.contains(UInt8(ascii: "*")) || loud.contains("GZIP"), "gzip comes from nowhere")
    }

    static func checkParameters(_ input: [UInt8]) {
        guard let text = String(validating: input, as: UTF8.self) else { return }
        let read = HeaderParameters(text)
        let plain = Plain(input)
        require(read.value == plain.value, "the value is \(read.value), not \(plain.value)")
        for (index, (name, value)) in plain.parameters.enumerated()
        where !plain.parameters[..<index].contains(where: { $0.name == name }) {
            require(read[name] == value, "\(name) is \(read[name] ?? "absent"), not \(value)")
        }
    }

    /// One byte after the other.
    private struct Plain {
        private enum State { case value, name, beforeText, bare, quoted, afterQuote }

        var value = ""
        var parameters: [(name: String, value: String)] = []

        init(_ bytes: [UInt8]) {
            var state = State.value
            var word: [UInt8] = []
            var name = ""
            func text(_ bytes: [UInt8], isLower: Bool) -> String {
                var bytes = bytes[...]
                while let first = bytes.first, first == 32 || first == 9 { bytes.removeFirst() }
                while let last = bytes.last, last == 32 || last == 9 { bytes.removeLast() }
                return String(
                    decoding: isLower ? bytes.map { (65...90).contains($0) ? $0 + 32 : $0 } : Array(bytes),
                    as: UTF8.self)
            }
            for byte in bytes + [59] {
                switch (state, byte) {
                case (.value, 59):
                    value = text(word, isLower: true)
                    (state, word) = (.name, [])
                case (.name, 59): word = []
                case (.name, 61):
                    name = text(word, isLower: true)
                    (state, word) = (.beforeText, [])
                case (.beforeText, 32): break
                case (.beforeText, 34): state = .quoted
                case (.beforeText, 59), (.bare, 59):
                    parameters.append((name, text(word, isLower: false)))
                    (state, word) = (.name, [])
                case (.beforeText, _):
                    word.append(byte)
                    state = .bare
                case (.quoted, 34):
                    parameters.append((name, String(decoding: word, as: UTF8.self)))
                    (state, word) = (.afterQuote, [])
                case (.afterQuote, 59): state = .name
                case (.afterQuote, _): break
                default: word.append(byte)
                }
            }
            // A quote that nobody closes takes all the rest.
            if state == .quoted { parameters.append((name, String(decoding: word.dropLast(), as: UTF8.self))) }
        }
    }
}

@testable import HTTP

/// What is decoded from text can be written again and read as the same.
enum TextInvariants {
    static func checkForm(_ input: [UInt8]) {
        guard let form = withExactMemory(input[...], { FormFields(decoding: $0) }) else { return }
        require(form.pairs.count <= 1000, "the limit was passed")
        let written = form.pairs.map { "\(PercentCoding.encode($0.name))=\(PercentCoding.encode($0.value))" }
        guard let again = FormFields(decoding: Array(written.joined(separator: "&").utf8)) else {
            broken("a form that was written can't be read")
        }
        require(again.pairs.map(\.name) == form.pairs.map(\.name), "a name has changed")
        require(again.pairs.map(\.value) == form.pairs.map(\.value), "a value has changed")
        for (name, value) in form.pairs { require(form.all(name).contains(value), "a field can't be found") }
    }

    static func checkCookies(_ input: [UInt8]) {
        let header = String(decoding: input, as: UTF8.self)
        for part in header.utf8.split(separator: UInt8(ascii: ";")) {
            let pair = part.drop { $0 == UInt8(ascii: " ") }
            guard let equals = pair.firstIndex(of: UInt8(ascii: "=")) else { continue }
            guard let value = Cookies.value(of: String(decoding: pair[..<equals], as: UTF8.self), in: header) else {
                broken("a cookie that is there can't be found")
            }
            require(!value.utf8.contains(UInt8(ascii: ";")), "a cookie holds its separator")
            require(value.utf8.count < header.utf8.count, "a cookie is longer than its field")
        }
    }

    static func checkPercentCoding(_ input: [UInt8]) {
        for plusIsSpace in [false, true] {
            guard let text = withExactMemory(input[...], { PercentCoding.decode($0, plusIsSpace: plusIsSpace) }) else {
                continue
            }
            require(text.utf8.count <= input.count, "decoding made it longer")
            require(!text.utf8.contains(0), "NUL passed")
            let encoded = PercentCoding.encode(text)
            require(PercentCoding.decode(encoded.utf8, plusIsSpace: plusIsSpace) == text, "written again it is another")
        }
    }
}

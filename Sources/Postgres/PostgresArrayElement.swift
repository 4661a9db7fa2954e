import Base

/// What an array sent or read may hold. `UInt8` makes the array a `bytea`; all others make PostgreSQL arrays of one dimension.
package protocol PostgresArrayElement: PostgresEncodable, PostgresDecodable {
    static func parameter(of array: [Self]) -> PostgresParameter
    static func array(from cell: PostgresCell) -> [Self]?
    /// Its part of the text form of an array, between the commas.
    func writeElement(into out: inout [UInt8])
}

extension PostgresArrayElement {
    package static func parameter(of array: [Self]) -> PostgresParameter {
        var out = [UInt8(ascii: "{")]
        for (index, element) in array.enumerated() {
            if index > 0 { out.append(UInt8(ascii: ",")) }
            element.writeElement(into: &out)
        }
        out.append(UInt8(ascii: "}"))
        return .text(String(decoding: out, as: UTF8.self))
    }

    package func writeElement(into out: inout [UInt8]) { PostgresArrayText.write(postgresParameter, into: &out) }

    package static func array(from cell: PostgresCell) -> [Self]? {
        guard let type = cell.type.element, let elements = PostgresArrayText.parse(cell.bytes) else { return nil }
        var result: [Self] = []
        result.reserveCapacity(elements.count)
        for element in elements {
            guard let element else {
                guard let null = Self.postgresNull else { return nil }
                result.append(null)
                continue
            }
            let value = element.withUnsafeBufferPointer { Self(postgres: PostgresCell(type: type, bytes: $0)) }
            guard let value else { return nil }
            result.append(value)
        }
        return result
    }
}

extension Int64: PostgresArrayElement {
    package func writeElement(into out: inout [UInt8]) { out += String(self).utf8 }
}
extension Int: PostgresArrayElement {
    package func writeElement(into out: inout [UInt8]) { out += String(self).utf8 }
}
extension Int32: PostgresArrayElement {}
extension Double: PostgresArrayElement {}
extension Bool: PostgresArrayElement {
    package func writeElement(into out: inout [UInt8]) { out.append(UInt8(ascii: self ? "t" : "f")) }
}
extension String: PostgresArrayElement {
    package func writeElement(into out: inout [UInt8]) { PostgresArrayText.write(self, into: &out) }
}
extension Timestamp: PostgresArrayElement {}
extension CivilDate: PostgresArrayElement {}
extension JSON: PostgresArrayElement {}
extension Optional: PostgresArrayElement where Wrapped: PostgresArrayElement {
    package func writeElement(into out: inout [UInt8]) {
        if let self { self.writeElement(into: &out) } else { out += "NULL".utf8 }
    }
}
/// `[[UInt8]]` is a `bytea[]`.
extension Array: PostgresArrayElement where Element == UInt8 {}

extension UInt8: PostgresArrayElement {
    package var postgresParameter: PostgresParameter { .text(String(self)) }

    package init?(postgres cell: PostgresCell) {
        guard let value = Int64(postgres: cell) else { return nil }
        self.init(exactly: value)
    }

    package static func parameter(of array: [UInt8]) -> PostgresParameter { .bytes(array) }

    /// The hexadecimal form, which every connection asks for.
    package static func array(from cell: PostgresCell) -> [UInt8]? {
        guard cell.type == .bytea, cell.bytes.starts(with: [UInt8(ascii: "\\"), UInt8(ascii: "x")]) else { return nil }
        return Hex.decode(String(decoding: cell.bytes.dropFirst(2), as: UTF8.self))
    }
}

/// The text form of a one-dimensional array (PostgreSQL manual, "Arrays", 8.15.6).
enum PostgresArrayText {
    static func write(_ element: PostgresParameter, into out: inout [UInt8]) {
        switch element {
        case .null: out += "NULL".utf8
        case .text(let text): write(text, into: &out)
        case .bytes(let bytes): out += "\"\\\\x\(Hex.encode(bytes))\"".utf8
        }
    }

    /// Always quoted: then no element can be taken for NULL, a brace, or nothing.
    static func write(_ text: String, into out: inout [UInt8]) {
        out.append(UInt8(ascii: "\""))
        var text = text
        text.withUTF8 { bytes in
            var plain = 0
            for place in 0..<bytes.count where bytes[place] == UInt8(ascii: "\"") || bytes[place] == UInt8(ascii: "\\")
            {
                out += bytes[plain..<place]
                out.append(UInt8(ascii: "\\"))
                plain = place
            }
            out += bytes[plain...]
        }
        out.append(UInt8(ascii: "\""))
    }

    /// The elements, nil for NULL. Nil for several dimensions, own bounds (`[2:3]={…}`) and anything malformed.
    static func parse(_ bytes: UnsafeBufferPointer<UInt8>) -> [[UInt8]?]? {
        guard bytes.count >= 2, bytes.first == UInt8(ascii: "{"), bytes.last == UInt8(ascii: "}") else { return nil }
        var result: [[UInt8]?] = []
        var element: [UInt8] = []
        var isQuoted = false
        var wasQuoted = false
        var isEscaped = false
        func finished() -> [UInt8]? {
            !wasQuoted && element.elementsEqual("NULL".utf8) ? nil : element
        }
        for byte in bytes[1..<(bytes.count - 1)] {
            if isEscaped {
                element.append(byte)
                isEscaped = false
            } else if byte == UInt8(ascii: "\\") {
                isEscaped = true
            } else if byte == UInt8(ascii: "\"") {
                isQuoted.toggle()
                wasQuoted = true
            } else if isQuoted {
                element.append(byte)
            } else if byte == UInt8(ascii: ",") {
                result.append(finished())
                element = []
                wasQuoted = false
            } else if byte == UInt8(ascii: "{") || byte == UInt8(ascii: "}") {
                return nil
            } else {
                element.append(byte)
            }
        }
        if isQuoted || isEscaped { return nil }
        if bytes.count > 2 { result.append(finished()) }
        return result
    }
}

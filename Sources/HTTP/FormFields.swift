/// Names and values of a query string or an `application/x-www-form-urlencoded` body, in order; names may repeat.
package struct FormFields: Sendable {
    package private(set) var pairs: [(name: String, value: String)] = []

    package init() {}

    /// Nil when a part is not percent-encoded UTF-8 or holds a NUL, or there are more than `limit` fields.
    package init?(decoding bytes: some Collection<UInt8>, limit: Int = 1000) {
        do throws(FormFault) { try self.init(reading: bytes, limit: limit) } catch { return nil }
    }

    init(reading bytes: some Collection<UInt8>, limit: Int = 1000) throws(FormFault) {
        for part in bytes.split(separator: UInt8(ascii: "&"), omittingEmptySubsequences: true) {
            guard pairs.count < limit else { throw .tooMany(limit: limit) }
            let equals = part.firstIndex(of: UInt8(ascii: "="))
            let nameBytes = part[..<(equals ?? part.endIndex)]
            let valueBytes = equals.map { part[part.index(after: $0)...] } ?? part[part.endIndex...]
            guard let name = PercentCoding.decode(nameBytes, plusIsSpace: true) else {
                throw .undecodable(field: nil, Self.holdsNUL(nameBytes))
            }
            guard let value = PercentCoding.decode(valueBytes, plusIsSpace: true) else {
                throw .undecodable(field: name, Self.holdsNUL(valueBytes))
            }
            pairs.append((name, value))
        }
    }

    private static func holdsNUL(_ encoded: some Collection<UInt8>) -> Bool {
        encoded.contains(0) || Array(encoded).firstRange(of: Array("%00".utf8)) != nil
    }

    /// The first value called `name`.
    package subscript(_ name: String) -> String? {
        pairs.first { $0.name == name }?.value
    }

    package func all(_ name: String) -> [String] {
        pairs.filter { $0.name == name }.map(\.value)
    }
}

/// Why form fields can't be read.
enum FormFault: Error {
    case tooMany(limit: Int)
    /// Nil: it is the field's own name.
    case undecodable(field: String?, _ holdsNUL: Bool)

    /// - Parameter place: what was read, as the start of a sentence.
    func problem(of place: String) -> HTTPError {
        switch self {
        case .tooMany(let limit):
            HTTPError(.badRequest, detail: "\(place) has more than \(limit) fields.")
        case .undecodable(let field, true):
            .nul(field: field, in: place)
        case .undecodable(let field, false):
            HTTPError(
                .badRequest, detail: "\(place) is not percent-encoded UTF-8.",
                fields: field.map { [HTTPError.Field($0, "This is not percent-encoded UTF-8.")] } ?? [])
        }
    }
}

extension HTTPError {
    /// A text with U+0000: refused before a handler sees it, for it can't be stored.
    /// - Parameter field: nil or empty when it can't be told.
    static func nul(field: String?, in place: String) -> HTTPError {
        guard let field, !field.isEmpty else {
            return HTTPError(.badRequest, detail: "\(place) holds a NUL character, which no text here can.")
        }
        let detail = "\(field) holds a NUL character, which no text here can."
        return HTTPError(.badRequest, detail: detail, fields: [Field(field, detail)])
    }
}

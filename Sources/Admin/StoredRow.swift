import Base
import Postgres
import StoredObjects
import Views

/// One stored thing as it was read.
struct StoredRow: Sendable {
    enum Value: Sendable, Equatable {
        case null
        case text(String)
        case number(Int64)
        /// As PostgreSQL writes it, without loss.
        case decimal(String)
        case time(Timestamp)
        case flag(Bool)
        case list([String])
        case json(JSON)
        /// Kept, not shown.
        case masked(isSet: Bool)

        var json: JSON {
            switch self {
            case .null: .null
            case .text(let text): .string(text)
            case .number(let number): .integer(number)
            case .decimal(let text): Double(text).map { .number($0) } ?? .string(text)
            case .time(let time): .string(time.iso8601)
            case .flag(let flag): .bool(flag)
            case .list(let list): .array(list.map { .string($0) })
            case .json(let json): json
            case .masked(let isSet): .bool(isSet)
            }
        }

        /// For forms and for the audit log; nil for null.
        var plain: String? {
            switch self {
            case .null: nil
            case .text(let text), .decimal(let text): text
            case .number(let number): String(number)
            case .time(let time): time.iso8601
            case .flag(let flag): String(flag)
            case .list(let list): list.joined(separator: ", ")
            case .json(let json): json.text
            case .masked(let isSet): isSet ? "***" : nil
            }
        }
    }

    let key: String
    let label: String
    /// In the object's order of fields.
    let values: [Value]
    /// Keys of what fields name, in the same order; nil where a field names nothing.
    let links: [String?]

    /// The columns that `init(_:of:)` reads, in its order.
    static func columns(of object: StoredObject) -> SQL {
        var columns: [SQL] = [object.key.text, object.label]
        for field in object.fields {
            columns.append(field.value)
            if let link = field.link { columns.append("(\(link.key))::text") }
        }
        return columns.joined(separator: ", ")
    }

    init(_ row: Row, of object: StoredObject) throws {
        key = try row.get(0)
        label = try row.get(1, String?.self) ?? ""
        var place = 2
        var values: [Value] = []
        var links: [String?] = []
        for field in object.fields {
            values.append(try Self.value(row, place, field.kind))
            place += 1
            if field.link != nil {
                links.append(try row.get(place))
                place += 1
            } else {
                links.append(nil)
            }
        }
        self.values = values
        self.links = links
    }

    private static func value(_ row: Row, _ place: Int, _ kind: StoredField.Kind) throws -> Value {
        switch kind {
        case .text, .choice: try row.get(place, String?.self).map { .text($0) } ?? .null
        case .number: try row.get(place, Int64?.self).map { .number($0) } ?? .null
        case .decimal: try row.get(place, String?.self).map { .decimal($0) } ?? .null
        case .time: try row.get(place, Timestamp?.self).map { .time($0) } ?? .null
        case .flag: try row.get(place, Bool?.self).map { .flag($0) } ?? .null
        case .list: try row.get(place, [String]?.self).map { .list($0) } ?? .null
        case .json: try row.get(place, JSON?.self).map { .json($0) } ?? .null
        case .masked: .masked(isSet: try row.get(place, Bool?.self) ?? false)
        }
    }

    /// Changes with any value that can be edited: an edit names the one it began from.
    func mark(of object: StoredObject) -> String {
        let edited = zip(object.fields, values).filter { $0.0.rule != nil }
        let text = edited.map { "\($0.0.name)=\($0.1.plain ?? "\u{0}")" }.joined(separator: "\u{1}")
        return String(Hex.encode(SHA256.hash(text)).prefix(16))
    }
}

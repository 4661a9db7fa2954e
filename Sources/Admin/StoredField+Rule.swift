import Base
import StoredObjects
import Views

extension StoredField.Rule {
    /// The value as it is stored; nil for null.
    func accepted(_ value: String?, for field: String) throws(StoredRefusal) -> String? {
        let value = value.map { String($0.trimmingSpaces()) } ?? ""
        switch self {
        case .text(let range):
            let length = value.unicodeScalars.count
            guard range.contains(length), value.unicodeScalars.allSatisfy({ $0.value >= 32 }) else {
                throw StoredRefusal(
                    Word(
                        "admin.error.text",
                        ["minimum": .integer(Int64(range.lowerBound)), "count": .integer(Int64(range.upperBound))]),
                    field: field)
            }
            return value.isEmpty ? nil : value
        case .choice(let words, let isOptional):
            if value.isEmpty, isOptional { return nil }
            guard words.contains(value) else {
                throw StoredRefusal(
                    Word("admin.error.choice", ["words": .string(words.joined(separator: ", "))]), field: field)
            }
            return value
        case .flag:
            guard value == "true" || value == "false" else {
                throw StoredRefusal(Word("admin.error.flag"), field: field)
            }
            return value
        case .time:
            guard let time = Timestamp(iso8601: value, offsetWhenAbsent: 0) else {
                throw StoredRefusal(Word("admin.error.time"), field: field)
            }
            return time.iso8601
        }
    }
}

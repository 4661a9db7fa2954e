import Base

/// The complaints in a 400, 406 or 422, in the forms that have been seen: `{"error": "..."}`, `{"field": ["..."]}`, `{"field": "..."}`,
/// one inside the other, a list, plain text (keitaro.md §1.6).
enum KeitaroRejections {
    /// Beyond this nobody reads on.
    private static let most = 30

    static func read(_ json: JSON?, text: String) -> [KeitaroRejectedField] {
        guard let json else { return text.isEmpty ? [] : [KeitaroRejectedField(field: "", messages: [text])] }
        var fields: [KeitaroRejectedField] = []
        collect(json, field: "", into: &fields)
        return Array(fields.prefix(most))
    }

    private static func collect(_ json: JSON, field: String, into fields: inout [KeitaroRejectedField]) {
        switch json {
        case .object(let object):
            for member in object.members where !["stacktrace", "code", "status", "success"].contains(member.key) {
                let isWrapper = field.isEmpty && ["error", "errors", "message"].contains(member.key)
                let name = KeitaroText.line(member.key.utf8)
                collect(member.value, field: isWrapper ? "" : field.isEmpty ? name : "\(field).\(name)", into: &fields)
            }
        case .array(let elements):
            let messages = elements.compactMap(message)
            if !messages.isEmpty {
                fields.append(KeitaroRejectedField(field: field, messages: Array(messages.prefix(most))))
            }
            for element in elements where element.objectValue != nil { collect(element, field: field, into: &fields) }
        default:
            if let message = message(json) { fields.append(KeitaroRejectedField(field: field, messages: [message])) }
        }
    }

    private static func message(_ json: JSON) -> String? {
        guard let text = json.lenientString.map({ KeitaroText.line($0.utf8) }), !text.isEmpty else { return nil }
        return text
    }
}

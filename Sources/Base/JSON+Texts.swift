extension JSON {
    /// An object of texts, in the order of their names.
    package init(texts: [String: String]) {
        self = .object(
            JSONObject(
                texts.sorted { $0.key < $1.key }.map { JSONObject.Member(key: $0.key, value: .string($0.value)) }))
    }

    /// The texts of an object; what else is in it is left out.
    package var texts: [String: String] {
        var texts: [String: String] = [:]
        for member in objectValue ?? [:] { texts[member.key] = member.value.stringValue }
        return texts
    }
}

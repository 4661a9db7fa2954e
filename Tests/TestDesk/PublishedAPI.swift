import Base

/// `/openapi.json` as a stranger's program reads it: nothing is known but what stands in the document. Holds answers against it.
package struct PublishedAPI: Sendable {
    let document: JSON

    package init(_ document: JSON) { self.document = document }

    /// - Parameters:
    ///   - path: as the document's `paths` has it: `/things/{id}/`; nil where no route answered, so that only problems may come.
    ///   - type: without parameters.
    package func mismatch(
        method: String, path: String?, status: Int, type: String, body: [UInt8]
    ) -> String? {
        var responses: JSON?
        if path == nil, status < 400 { return nil }
        if let path {
            guard let operation = document["paths"]?[path]?[method.lowercased()] else {
                return "\(method) \(path) is not in the document"
            }
            responses = operation["responses"]
        }
        let named = responses?[String(status)] ?? responses?["default"] ?? ["$ref": "#/components/responses/Problem"]
        guard var response = resolved(named) else { return "a reference that leads nowhere" }
        if response["content"]?[type] == nil, status >= 400, let problem = responses?["default"].flatMap(resolved) {
            // One status, two reasons: what this route says about it, and the problem that any route may have.
            response = problem
        }
        guard let content = response["content"]?.objectValue else { return nil }
        // Browsers see problems as pages.
        if status >= 400, type == "text/html" { return nil }
        guard let media = content[type] else { return "\(status) with \"\(type)\" is not in the document" }
        guard let schema = media["schema"], type.hasSuffix("json") else { return nil }
        do {
            return fault(of: try JSON(parsing: body), schema, at: "").map { "\(status): \($0)" }
        } catch {
            return "\(status): no JSON: \(error)"
        }
    }

    /// What a reference stands for, or the value itself.
    func resolved(_ value: JSON) -> JSON? {
        guard let reference = value["$ref"]?.stringValue else { return value }
        guard reference.hasPrefix("#/") else { return nil }
        var place: JSON? = document
        for part in reference.dropFirst(2).split(separator: "/") {
            place = place?[String(part).replacing("~1", with: "/").replacing("~0", with: "~")]
        }
        return place.flatMap(resolved)
    }

    // MARK: JSON Schema 2020-12, as far as the document uses it

    /// Keywords that say something about values here; ``OpenAPIRules`` refuses any other.
    static let keywords: Set<String> = [
        "$ref", "type", "enum", "properties", "required", "additionalProperties", "items", "minItems", "maxItems",
        "minimum", "maximum", "minLength", "maxLength", "format", "anyOf", "description",
    ]

    private func fault(of value: JSON, _ written: JSON, at place: String) -> String? {
        // A reference may have neighbours (2020-12, §8.2.3.1): both count.
        if written["$ref"] != nil {
            guard let target = resolved(written) else { return "\(place): a reference that leads nowhere" }
            if let fault = fault(of: value, target, at: place) { return fault }
        }
        if let choices = written["anyOf"]?.arrayValue,
            !choices.contains(where: { fault(of: value, $0, at: place) == nil })
        {
            return "\(place): none of \(choices.count) forms"
        }
        if let type = written["type"] {
            let types = type.arrayValue?.compactMap(\.stringValue) ?? [type.stringValue ?? ""]
            guard types.contains(where: { Self.isOf(value, $0) }) else { return "\(place): not \(types)" }
        }
        if let allowed = written["enum"]?.arrayValue, !allowed.contains(value) { return "\(place): not in the list" }
        switch value {
        case .string(let text):
            let length = Int64(text.unicodeScalars.count)
            if let least = written["minLength"]?.intValue, length < least { return "\(place): too short" }
            if let most = written["maxLength"]?.intValue, length > most { return "\(place): too long" }
            if written["format"] == "date-time", Timestamp(iso8601: text) == nil { return "\(place): no time" }
        case .integer, .number:
            let number = value.doubleValue ?? 0
            if let least = written["minimum"]?.doubleValue, number < least { return "\(place): too small" }
            if let most = written["maximum"]?.doubleValue, number > most { return "\(place): too great" }
        case .array(let elements):
            if let least = written["minItems"]?.intValue, elements.count < least { return "\(place): too few" }
            if let most = written["maxItems"]?.intValue, elements.count > most { return "\(place): too many" }
            guard let schema = written["items"] else { break }
            for (index, element) in elements.enumerated() {
                if let fault = fault(of: element, schema, at: "\(place)/\(index)") { return fault }
            }
        case .object(let object): return fault(of: object, written, at: place)
        case .null, .bool: break
        }
        return nil
    }

    private func fault(of object: JSONObject, _ written: JSON, at place: String) -> String? {
        for name in written["required"]?.arrayValue ?? [] where object[name.stringValue ?? ""] == nil {
            return "\(place): no \(name.text)"
        }
        let properties = written["properties"]
        for (name, value) in object.members.map({ ($0.key, $0.value) }) {
            if let schema = properties?[name] {
                if let fault = fault(of: value, schema, at: "\(place)/\(name)") { return fault }
            } else if written["additionalProperties"] == false {
                return "\(place)/\(name): not in the document"
            }
        }
        return nil
    }

    private static func isOf(_ value: JSON, _ type: String) -> Bool {
        switch (value, type) {
        case (.null, "null"), (.bool, "boolean"), (.integer, "integer"), (.integer, "number"), (.number, "number"),
            (.string, "string"), (.array, "array"), (.object, "object"):
            true
        default: false
        }
    }
}

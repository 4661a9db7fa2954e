import Base

/// What OpenAPI 3.1.0 and JSON Schema 2020-12 ask of a document and a reader can check without a server.
package struct OpenAPIRules {
    private let document: JSON
    private var faults: [String] = []

    /// - Returns: every broken rule with its place; empty when the document is sound.
    package static func faults(in document: JSON) -> [String] {
        var rules = OpenAPIRules(document: document)
        rules.check()
        return rules.faults
    }

    private init(document: JSON) { self.document = document }

    private mutating func fault(_ place: String, _ rule: String) { faults.append("\(place): \(rule)") }

    private mutating func check() {
        if document["openapi"]?.stringValue?.hasPrefix("3.1.") != true { fault("openapi", "is 3.1.x") }
        for name in ["title", "version"] where document["info"]?[name]?.stringValue?.isEmpty != false {
            fault("info", "has a \(name)")
        }
        references(in: document, at: "#")
        let tags = (document["tags"]?.arrayValue ?? []).compactMap { $0["name"]?.stringValue }
        if Set(tags).count != tags.count { fault("tags", "are unique") }
        var identifiers: Set<String> = []
        var templates: Set<String> = []
        for (path, item) in members(document["paths"]) {
            if !path.hasPrefix("/") { fault(path, "begins with a slash") }
            let template = path.split(separator: "/", omittingEmptySubsequences: false)
                .map { $0.hasPrefix("{") ? "{}" : String($0) }.joined(separator: "/")
            if !templates.insert(template).inserted { fault(path, "differs from others by more than its names") }
            for (method, operation) in members(item) {
                let place = "\(method) \(path)"
                if !["get", "put", "post", "delete", "options", "head", "patch", "trace"].contains(method) {
                    fault(place, "is a method")
                }
                let identifier = operation["operationId"]?.stringValue ?? ""
                if identifier.isEmpty || !identifiers.insert(identifier).inserted {
                    fault(place, "has an operationId of its own")
                }
                for tag in operation["tags"]?.arrayValue ?? [] where !tags.contains(tag.stringValue ?? "") {
                    fault(place, "has tags that are listed")
                }
                parameters(of: operation, path, at: place)
                content(of: operation, method, at: place)
                responses(of: operation, at: place)
                security(of: operation, at: place)
            }
        }
        for (name, schema) in members(document["components"]?["schemas"]) {
            check(schema, at: "#/components/schemas/\(name)")
        }
        for (name, response) in members(document["components"]?["responses"]) {
            check(response, asResponseAt: "#/components/responses/\(name)")
        }
    }

    // MARK: Operations

    private mutating func parameters(of operation: JSON, _ path: String, at place: String) {
        let inPath = path.split(separator: "{").dropFirst().compactMap {
            $0.split(separator: "}").first.map(String.init)
        }
        if Set(inPath).count != inPath.count { fault(place, "names each part of its path once") }
        var declared: Set<String> = []
        var seen: Set<String> = []
        for parameter in operation["parameters"]?.arrayValue ?? [] {
            let name = parameter["name"]?.stringValue ?? ""
            let where_ = parameter["in"]?.stringValue ?? ""
            if name.isEmpty || !["path", "query", "header", "cookie"].contains(where_) {
                fault(place, "has parameters with a name and a place")
            }
            if !seen.insert("\(where_) \(name)").inserted { fault(place, "has \(name) once") }
            if where_ == "path" {
                declared.insert(name)
                if parameter["required"] != true { fault(place, "needs what stands in its path: \(name)") }
            }
            guard let schema = parameter["schema"] else {
                fault(place, "has a schema for \(name)")
                continue
            }
            check(schema, at: "\(place) \(name)")
        }
        if declared != Set(inPath) { fault(place, "declares the parts of its path and no other") }
    }

    private mutating func content(of operation: JSON, _ method: String, at place: String) {
        guard let body = operation["requestBody"] else { return }
        if ["get", "head", "delete"].contains(method) { fault(place, "takes no content") }
        if members(body["content"]).isEmpty { fault(place, "says which content it takes") }
        media(body["content"], at: place)
    }

    private mutating func responses(of operation: JSON, at place: String) {
        let all = members(operation["responses"])
        if all.isEmpty { fault(place, "has responses") }
        if !all.contains(where: { $0.key.hasPrefix("2") || $0.key.hasPrefix("3") }) { fault(place, "may succeed") }
        for (status, response) in all {
            let isStatus =
                status == "default"
                || (status.utf8.count == 3 && (Int(status).map { (100...599).contains($0) } ?? false))
            if !isStatus { fault(place, "has statuses, not \(status)") }
            check(response, asResponseAt: "\(place) \(status)")
        }
    }

    private mutating func check(_ response: JSON, asResponseAt place: String) {
        if response["$ref"] != nil { return }
        if response["description"]?.stringValue?.isEmpty != false { fault(place, "has a description") }
        media(response["content"], at: place)
        for (name, header) in members(response["headers"]) {
            if let schema = header["schema"] { check(schema, at: "\(place) \(name)") } else { fault(place, "\(name)") }
        }
    }

    private mutating func media(_ content: JSON?, at place: String) {
        for (type, media) in members(content) {
            if type.split(separator: "/", omittingEmptySubsequences: false).filter({ !$0.isEmpty }).count != 2 {
                fault(place, "has types of content, not \"\(type)\"")
            }
            if let schema = media["schema"] { check(schema, at: "\(place) \(type)") }
        }
    }

    private mutating func security(of operation: JSON, at place: String) {
        let schemes = document["components"]?["securitySchemes"]
        for requirement in operation["security"]?.arrayValue ?? [] {
            for (name, _) in members(requirement) where schemes?[name]?["type"] == nil {
                fault(place, "is protected by a scheme that is described, not \(name)")
            }
        }
    }

    // MARK: Schemas and references

    private mutating func check(_ schema: JSON, at place: String) {
        for (keyword, _) in members(schema) where !PublishedAPI.keywords.contains(keyword) {
            fault(place, "has keywords that the tests know, not \(keyword)")
        }
        let type = schema["type"]
        let types = type?.arrayValue?.compactMap(\.stringValue) ?? type?.stringValue.map { [$0] } ?? []
        if type != nil,
            types.isEmpty || Set(types).count != types.count
                || !types.allSatisfy({
                    ["null", "boolean", "object", "array", "number", "string", "integer"].contains($0)
                })
        {
            fault(place, "has a type")
        }
        if let values = schema["enum"]?.arrayValue, values.isEmpty || Set(values.map(\.text)).count != values.count {
            fault(place, "has an enum of different values")
        }
        for (least, most) in [("minimum", "maximum"), ("minLength", "maxLength"), ("minItems", "maxItems")] {
            if let low = schema[least]?.doubleValue, let high = schema[most]?.doubleValue, low > high {
                fault(place, "has a \(least) up to its \(most)")
            }
        }
        if types.contains("array"), schema["items"] == nil { fault(place, "has items") }
        for name in schema["required"]?.arrayValue ?? [] where schema["properties"]?[name.stringValue ?? ""] == nil {
            fault(place, "requires what it has, not \(name.text)")
        }
        for (name, property) in members(schema["properties"]) { check(property, at: "\(place)/\(name)") }
        if let items = schema["items"] { check(items, at: "\(place)/items") }
        for choice in schema["anyOf"]?.arrayValue ?? [] { check(choice, at: "\(place)/anyOf") }
    }

    private mutating func references(in value: JSON, at place: String) {
        if value["$ref"]?.stringValue != nil, PublishedAPI(document).resolved(value) == nil {
            fault(place, "refers to something that is there")
        }
        for (index, element) in (value.arrayValue ?? []).enumerated() {
            references(in: element, at: "\(place)/\(index)")
        }
        for (name, member) in members(value) { references(in: member, at: "\(place)/\(name)") }
    }

    private func members(_ value: JSON?) -> [(key: String, value: JSON)] {
        (value?.objectValue?.members ?? []).map { ($0.key, $0.value) }
    }
}

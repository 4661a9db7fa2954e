/// Shapes as JSON Schema 2020-12, the dialect of OpenAPI 3.1.
extension Shape {
    /// Named shapes stand as references: `named` says under which address each is kept.
    package func schema(named address: (String) -> String = { "#/$defs/\($0)" }) -> JSON {
        switch kind {
        case .anything: return [:]
        case .bool: return ["type": "boolean"]
        case .number: return ["type": "number"]
        case .integer(let range):
            var schema: JSON = ["type": "integer"]
            if range.lowerBound > .min { schema["minimum"] = .integer(range.lowerBound) }
            if range.upperBound < .max { schema["maximum"] = .integer(range.upperBound) }
            if range == .min ... .max { schema["format"] = "int64" }
            return schema
        case .text(let text): return Self.schema(of: text)
        case .list(let element, let count):
            var schema: JSON = ["type": "array", "items": element.schema(named: address)]
            if count.lowerBound > 0 { schema["minItems"] = .integer(Int64(count.lowerBound)) }
            if count.upperBound < .max { schema["maxItems"] = .integer(Int64(count.upperBound)) }
            return schema
        case .object(let members, let isOpen):
            return Self.schema(of: members, isOpen: isOpen, address)
        case .nullable(let shape): return Self.orNull(shape, address)
        case .named(let name, _): return ["$ref": .string(address(name))]
        }
    }

    private static func schema(of text: Text) -> JSON {
        var schema: JSON = ["type": "string"]
        if !text.allowed.isEmpty { schema["enum"] = .array(text.allowed.map { .string($0) }) }
        if let lengths = text.lengths {
            schema["minLength"] = .integer(Int64(lengths.lowerBound))
            schema["maxLength"] = .integer(Int64(lengths.upperBound))
        }
        if let format = text.format { schema["format"] = .string(format.rawValue) }
        return schema
    }

    private static func schema(of members: [Member], isOpen: Bool, _ address: (String) -> String) -> JSON {
        var properties = JSONObject()
        for member in members {
            var schema = member.shape.schema(named: address)
            if let note = member.note { schema["description"] = .string(note) }
            properties[member.name] = schema
        }
        var schema: JSON = ["type": "object", "properties": .object(properties)]
        let required = members.filter(\.isRequired)
        if !required.isEmpty { schema["required"] = .array(required.map { .string($0.name) }) }
        if !isOpen { schema["additionalProperties"] = false }
        return schema
    }

    /// A type's list of two where the schema has a plain type; an `enum` would have to list null as well.
    private static func orNull(_ shape: Shape, _ address: (String) -> String) -> JSON {
        var schema = shape.schema(named: address)
        guard let type = schema["type"], type.stringValue != nil, schema["enum"] == nil else {
            return ["anyOf": [schema, ["type": "null"]]]
        }
        schema["type"] = [type, "null"]
        return schema
    }

    /// What a named shape stands for, without its name; any other shape itself.
    package var unnamed: Shape {
        if case .named(_, let shape) = kind { return shape.unnamed }
        return self
    }

    /// Every named shape within, by name. Two shapes of one name are a mistake of the program, found by a test of the document.
    package func collectNamed(into found: inout [String: Shape]) {
        switch kind {
        case .anything, .bool, .integer, .number, .text: break
        case .list(let shape, _), .nullable(let shape): shape.collectNamed(into: &found)
        case .object(let members, _): for member in members { member.shape.collectNamed(into: &found) }
        case .named(let name, let shape):
            precondition(found[name] == nil || found[name] == shape, "two shapes are called \(name)")
            guard found[name] == nil else { return }
            found[name] = shape
            shape.collectNamed(into: &found)
        }
    }
}

import Base

/// The described routes as an OpenAPI 3.1 document. Made once at start.
package struct OpenAPIDocument: Sendable {
    package let json: JSON

    /// - Parameters:
    ///   - routes: the whole table; what has no description is left out.
    ///   - server: where it answers, for programs that read the document from a file; nil for its own origin.
    package init(_ routes: [Route], title: String, version: String, server: String? = nil) {
        let described = routes.filter { $0.description != nil }
        var document: JSON = ["openapi": "3.1.0"]
        document["info"] = [
            "title": .string(title), "version": .string(version),
            "description":
                """
            What a page can do, a program can do at the same address. Answers are JSON unless Accept names text/html first. \
            A trailing slash never matters; HEAD works wherever GET does. Sentences come in the language of Accept-Language: \
            en, uk or ru.
            """,
        ]
        document["servers"] = [["url": .string(server ?? "/")]]
        document["tags"] = .array(Self.tags(described).map { ["name": .string($0)] })
        var paths = JSONObject()
        for route in described {
            var item = paths[route.path] ?? [:]
            item[route.method.rawValue.lowercased()] = Self.operation(route)
            paths[route.path] = item
        }
        document["paths"] = .object(paths)
        document["components"] = [
            "securitySchemes": Self.securitySchemes, "schemas": Self.schemas(described),
            "responses": ["Problem": Self.problem("A problem (RFC 9457)")],
        ]
        json = document
    }

    /// In the order in which routes first name them.
    package static func tags(_ routes: [Route]) -> [String] {
        var tags: [String] = []
        for tag in routes.compactMap(\.description?.tag) where !tags.contains(tag) { tags.append(tag) }
        return tags
    }

    /// A name for generated clients: `post_campaigns_flow_id_push`.
    package static func operationID(_ route: Route) -> String {
        let parts = route.path.split { !($0.isLetter || $0.isNumber) }.map(String.init)
        return ([route.method.rawValue.lowercased()] + parts).joined(separator: "_")
    }

    static func address(_ name: String) -> String { "#/components/schemas/\(name)" }

    // MARK: One operation

    private static func operation(_ route: Route) -> JSON {
        guard let about = route.description else { return [:] }
        var operation: JSON = [
            "operationId": .string(operationID(route)), "tags": [.string(about.tag)],
            "summary": .string(route.summary),
        ]
        if let detail = about.detail { operation["description"] = .string(detail) }
        let parameters = route.pathParameters + about.parameters.filter { $0.place != .path }
        if !parameters.isEmpty { operation["parameters"] = .array(parameters.map(parameter)) }
        if let content = about.content {
            let schema = content.fields.schema(named: address)
            operation["requestBody"] = [
                "required": .bool(content.isRequired),
                "content": .object(
                    JSONObject(content.types.map { .init(key: $0, value: ["schema": schema]) })),
            ]
        }
        operation["responses"] = responses(about, route)
        operation["security"] = security(route)
        operation["x-access"] = access(route)
        return operation
    }

    private static func parameter(_ parameter: RouteDescription.Parameter) -> JSON {
        var object: JSON = [
            "name": .string(parameter.name), "in": .string(parameter.place.rawValue),
            "required": .bool(parameter.isRequired), "schema": parameter.shape.schema(named: address),
        ]
        if let note = parameter.note, !note.isEmpty { object["description"] = .string(note) }
        return object
    }

    private static func responses(_ about: RouteDescription, _ route: Route) -> JSON {
        var responses = JSONObject()
        for answer in about.answers {
            var response = responses[String(answer.status.code)] ?? ["description": .string(answer.note)]
            let media: (type: String, value: JSON)? =
                switch answer.kind {
                case .json(let shape): (RouteDescription.Content.json, ["schema": shape.schema(named: address)])
                case .page: ("text/html", ["schema": ["type": "string"]])
                case .content(let type): (type, [:])
                case .redirect, .nothing: nil
                }
            if let media {
                var content = response["content"] ?? [:]
                content[media.type] = media.value
                response["content"] = content
            } else if case .redirect = answer.kind {
                response["headers"] = ["Location": ["schema": ["type": "string", "format": "uri-reference"]]]
            }
            responses[String(answer.status.code)] = response
        }
        if route.needsPerson {
            if route.method.isSafe, responses["302"] == nil {
                responses["302"] = ["description": "To the login page, for browsers that are not logged in."]
            }
            responses["401"] = problem("Nobody is logged in, or the token is not valid.")
        }
        if about.content != nil {
            responses["415"] = problem("The content is of another type than the Content-Type that this takes.")
        }
        if about.content != nil || about.parameters.contains(where: { $0.place == .query }) {
            responses["422"] =
                responses["422"] ?? problem("A field of a wrong type, or an unknown one; nothing was changed.")
        }
        for (status, note) in about.problems { responses[String(status.code)] = problem(note) }
        responses["default"] = ["$ref": "#/components/responses/Problem"]
        return .object(responses)
    }

    private static func problem(_ note: String) -> JSON {
        [
            "description": .string(note),
            "content": [
                "application/problem+json": ["schema": RouteDescription.problem.schema(named: address)]
            ],
        ]
    }

    // MARK: Who may

    /// A browser's session must also repeat its token where something is changed; both of one list's schemes apply together.
    private static func security(_ route: Route) -> JSON {
        let session: JSON = route.method.isSafe ? ["session": []] : ["session": [], "csrf": []]
        if route.access == .anyone { return [] }
        if route.access == .known { return [[:], ["token": []], session] }
        return [["token": []], session]
    }

    /// A word, or the names of the roles that may, in the order of the alphabet: the document is the same in every process.
    private static func access(_ route: Route) -> JSON {
        switch route.access {
        case .anyone: "anyone"
        case .known: "known"
        case .signedIn: "signedIn"
        case .admin: ["admin"]
        case .roles(let names): .array(names.sorted().map { .string($0) })
        }
    }

    private static let securitySchemes: JSON = [
        "token": [
            "type": "http", "scheme": "bearer", "description": "A token from bin/sluice token create.",
        ],
        "session": [
            "type": "apiKey", "in": "cookie", "name": "sluice_session",
            "description": "A browser that is logged in.",
        ],
        "csrf": [
            "type": "apiKey", "in": "header", "name": "X-CSRF-Token",
            "description":
                "The session's token, for whatever changes something. Forms may send it as csrf_token instead.",
        ],
    ]

    private static func schemas(_ routes: [Route]) -> JSON {
        var found: [String: Shape] = [:]
        RouteDescription.problem.collectNamed(into: &found)
        for about in routes.compactMap(\.description) {
            about.content?.fields.collectNamed(into: &found)
            for parameter in about.parameters { parameter.shape.collectNamed(into: &found) }
            for case .json(let shape) in about.answers.map(\.kind) { shape.collectNamed(into: &found) }
        }
        var schemas = JSONObject()
        for (name, shape) in found.sorted(by: { $0.key < $1.key }) {
            schemas[name] = shape.unnamed.schema(named: address)
        }
        return .object(schemas)
    }
}

import Base
import HTTP
import Views

/// What the API's two pages show: the same operations to try (`/docs`) and to read (`/redoc`). Descriptions are in English, as the API's
/// names are; the words around them in the viewer's language.
struct ReferencePages: Sendable {
    let frame: Frame
    let routes: [Route]

    func trying(_ request: Request) throws -> Response {
        let title = frame.words(for: request)("docs.page_title")
        return try frame.page("docs", context(request), title: title, at: .reference, to: request)
    }

    func reading(_ request: Request) throws -> Response {
        let title = frame.words(for: request)("docs.reading_title")
        return try frame.page("redoc", context(request), title: title, at: .reference, to: request)
    }

    private func context(_ request: Request) -> ViewValue {
        let words = frame.words(for: request)
        let described = routes.filter { $0.description != nil }
        return [
            "is_signed_in": .bool(request[Viewer.self] != nil), "here": .string(request.rawPath),
            "groups": .list(
                OpenAPIDocument.tags(described).map { tag in
                    [
                        "tag": .string(tag),
                        "operations": .list(
                            described.filter { $0.description?.tag == tag }.map { operation($0, words) }),
                    ]
                }),
        ]
    }

    private func operation(_ route: Route, _ words: Words) -> ViewValue {
        guard let about = route.description else { return nil }
        let parameters = route.pathParameters + about.parameters.filter { $0.place != .path }
        let fields = about.content?.fields
        let takesJSON = about.content?.types.contains(RouteDescription.Content.json) == true
        let isEmpty = fields?.members.isEmpty != false
        let needed = fields?.members.contains(where: \.isRequired) == true
        let answer = about.answers.lazy.compactMap { answer -> JSON? in
            if case .json(let shape) = answer.kind { shape.example } else { nil }
        }.first
        return [
            "id": .string(OpenAPIDocument.operationID(route)), "method": .string(route.method.rawValue),
            "is_read": .bool(route.method.isSafe), "path": .string(route.path), "summary": .string(route.summary),
            "detail": ViewValue(about.detail), "access": .string(Self.access(route, words)),
            "has_parameters": .bool(!parameters.isEmpty),
            "parameters": .list(parameters.map { Self.parameter($0, words) }), "has_fields": .bool(!isEmpty),
            "fields": .list(fields.map(Self.rows) ?? []), "takes_json": .bool(takesJSON && !isEmpty),
            // What must be there to begin with; all that may be, to read.
            "draft": ViewValue(takesJSON ? (needed ? fields?.example.indented : "{}") : nil),
            "request_example": ViewValue(takesJSON && !isEmpty ? fields?.example.indented : nil),
            "answer_example": ViewValue(answer?.indented),
            "answers": .list(about.answers.map(Self.answer)), "has_problems": .bool(!about.problems.isEmpty),
            "problems": .list(
                about.problems.map { ["status": .integer(Int64($0.status.code)), "note": .string($0.note)] }),
        ]
    }

    private static func access(_ route: Route, _ words: Words) -> String {
        switch route.access {
        case .anyone: words("docs.access_anyone")
        case .known: words("docs.access_known")
        case .signedIn: words("docs.access_person")
        case .admin: words("docs.access_admin")
        case .roles(let names):
            words("docs.access_roles", ["roles": .string(names.sorted().joined(separator: ", "))])
        }
    }

    private static func parameter(_ parameter: RouteDescription.Parameter, _ words: Words) -> ViewValue {
        let place =
            switch parameter.place {
            case .path: words("docs.place_path")
            case .query: words("docs.place_query")
            case .header: words("docs.place_header")
            }
        return [
            "name": .string(parameter.name), "place": .string(place), "place_name": .string(parameter.place.rawValue),
            "type": .string(parameter.shape.words), "is_required": .bool(parameter.isRequired),
            "note": ViewValue(parameter.note),
        ]
    }

    private static func answer(_ answer: RouteDescription.Answer) -> ViewValue {
        var kind = "text/html"
        var fields: [ViewValue] = []
        switch answer.kind {
        case .json(let shape):
            kind = RouteDescription.Content.json
            fields = rows(shape)
        case .page: break
        case .content(let type): kind = type
        case .redirect: kind = "Location"
        case .nothing: kind = ""
        }
        return [
            "status": .integer(Int64(answer.status.code)), "note": .string(answer.note), "kind": .string(kind),
            "has_fields": .bool(!fields.isEmpty), "fields": .list(fields),
        ]
    }

    private static func rows(_ shape: Shape) -> [ViewValue] {
        shape.rows.map { row in
            [
                "name": .string(row.path), "type": .string(row.member.shape.words),
                "is_required": .bool(row.member.isRequired), "note": ViewValue(row.member.note),
            ]
        }
    }
}

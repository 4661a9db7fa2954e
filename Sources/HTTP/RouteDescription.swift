import Base

/// What a route takes and answers, for people and programs that call it. `/openapi.json` is made of these, and tests hold real answers
/// against them.
///
/// A class, so that a route, which is copied for each request, carries one reference and not a dozen.
package final class RouteDescription: Sendable {
    /// A value in the path or in the query string.
    package struct Parameter: Sendable {
        package enum Place: String, Sendable { case path, query, header }

        package let name: String
        package let place: Place
        package let shape: Shape
        package let isRequired: Bool
        package let note: String?

        package static func query(
            _ name: String, _ shape: Shape, _ note: String? = nil, isRequired: Bool = false
        ) -> Parameter {
            Parameter(name: name, place: .query, shape: shape, isRequired: isRequired, note: note)
        }

        package static func path(_ name: String, _ shape: Shape, _ note: String) -> Parameter {
            Parameter(name: name, place: .path, shape: shape, isRequired: true, note: note)
        }
    }

    /// What a route takes as content: the same fields as a JSON object or as a form.
    package struct Content: Sendable {
        package let fields: Shape
        package let types: [String]
        /// What each member must be to be read at all; see `RequestContract.swift`.
        let readable: [Shape.Member]

        package static let json = "application/json"
        package static let form = "application/x-www-form-urlencoded"
        /// A route with this one reads whatever comes: nothing is held against the description.
        package static let anyType = "*/*"

        /// - Parameter isOpen: members that are not listed are taken too; the handler says which.
        package init(
            _ members: [Shape.Member], isOpen: Bool = false, types: [String] = [Content.json, Content.form]
        ) {
            fields = isOpen ? Shape.object(members).andOthers : .object(members)
            self.types = types
            readable = fields.withoutLimits.members
        }

        package var isRequired: Bool { fields.members.contains(where: \.isRequired) }
    }

    package struct Answer: Sendable {
        package enum Kind: Sendable {
            case json(Shape)
            /// A page or a piece of one, for browsers.
            case page
            /// Another type of content.
            case content(type: String)
            /// To another address.
            case redirect
            /// No content.
            case nothing
        }

        package let status: Status
        package let kind: Kind
        package let note: String

        package static func json(_ shape: Shape, _ note: String, status: Status = .ok) -> Answer {
            Answer(status: status, kind: .json(shape), note: note)
        }

        package static func page(_ note: String, status: Status = .ok) -> Answer {
            Answer(status: status, kind: .page, note: note)
        }

        package static func content(_ type: String, _ note: String, status: Status = .ok) -> Answer {
            Answer(status: status, kind: .content(type: type), note: note)
        }

        package static func nothing(_ note: String, status: Status) -> Answer {
            Answer(status: status, kind: .nothing, note: note)
        }

        package static func redirect(_ note: String, status: Status = .seeOther) -> Answer {
            Answer(status: status, kind: .redirect, note: note)
        }
    }

    /// Which group of the documentation it stands in.
    package let tag: String
    /// More than the route's summary says; plain text.
    package let detail: String?
    package let parameters: [Parameter]
    /// Whether any of them stands in the query string.
    let takesQuery: Bool
    package let content: Content?
    package let answers: [Answer]
    /// Problems of its own, beside those that every route has: status and when.
    package let problems: [(status: Status, note: String)]

    package init(
        _ tag: String, detail: String? = nil, parameters: [Parameter] = [], content: Content? = nil,
        answers: [Answer], problems: [(status: Status, note: String)] = []
    ) {
        self.tag = tag
        self.detail = detail
        self.parameters = parameters
        takesQuery = parameters.contains { $0.place == .query }
        self.content = content
        self.answers = answers
        self.problems = problems
    }
}

extension RouteDescription {
    /// How every problem looks (RFC 9457); kinds of problems have members of their own.
    package static let problem = Shape.object([
        .required("type", .text(.uriReference), "The kind of problem, or about:blank"),
        .required("title", .text, "One line, in the language of Accept-Language"),
        .required("status", .integer(400...599)),
        .optional("detail", .text, "What happened, what is safe, what to do"),
        .required("request_id", .text, "For the log of the server"),
        .optional(
            "errors", .list(of: .object([.required("field", .text), .required("detail", .text)])),
            "Every refused field by name"),
    ]).andOthers.named("Problem")

    /// What an answer has that this description does not allow; nil when it fits.
    package func mismatch(of response: Response) -> String? {
        let type = response.header("Content-Type")?.split(separator: ";").first.map(String.init) ?? ""
        if type == "application/problem+json" {
            return Self.mismatch(of: response, Self.problem)
        }
        let status = response.status
        // What a handler could not make an answer of is shown to browsers as a page, whatever the route answers.
        if status.code >= 400, type == "text/html" { return nil }
        let expected = answers.filter { $0.status == status }
        if expected.isEmpty { return "status \(status.code) is not described" }
        for answer in expected {
            switch answer.kind {
            case .json(let shape) where type == Content.json: return Self.mismatch(of: response, shape)
            case .page where type == "text/html": return nil
            case .content(let described) where type == described: return nil
            case .redirect where response.header("Location") != nil: return nil
            case .nothing where type.isEmpty && response.body.isEmpty: return nil
            default: continue
            }
        }
        return "content of type \"\(type)\" is not described for status \(status.code)"
    }

    private static func mismatch(of response: Response, _ shape: Shape) -> String? {
        do {
            return shape.mismatch(of: try JSON(parsing: response.body))?.description
        } catch {
            return "the content is not JSON: \(error)"
        }
    }
}

extension Route {
    /// `GET /campaigns/{id}/`: how a route is called where its kinds of path parts don't matter.
    package var name: String { "\(method.rawValue) \(path)" }

    /// The pattern as OpenAPI writes it: `{id}`, whatever may stand there.
    package var path: String { pattern.replacing(":int}", with: "}").replacing("*}", with: "}") }

    /// With what is said about it in a table of descriptions by name.
    package func described(in table: [String: RouteDescription]) -> Route {
        var route = self
        route.description = table[name]
        return route
    }

    /// Whether somebody has to be logged in.
    package var needsPerson: Bool { access != .anyone && access != .known }

    /// What an answer has that the description does not allow; nil when it fits, or when there is no description.
    package func mismatch(of response: Response) -> String? {
        // A browser without a session is sent to log in, wherever it wanted to read.
        if needsPerson, method.isSafe, response.status == .found,
            response.header("Location")?.hasPrefix("/users/login/") == true
        {
            return nil
        }
        return description?.mismatch(of: response)
    }

    /// The parts of its path in their order, with the notes that its description has for them.
    package var pathParameters: [RouteDescription.Parameter] {
        pattern.split(separator: "/").filter { $0.hasPrefix("{") && $0.hasSuffix("}") }.map { part in
            let inner = part.dropFirst().dropLast()
            let name = String(inner.prefix { $0 != ":" && $0 != "*" })
            let described = description?.parameters.first { $0.place == .path && $0.name == name }
            let shape: Shape = inner.hasSuffix(":int") ? .integer(0 ... .max) : .text
            return described ?? .path(name, shape, "")
        }
    }
}

import Base
import HTTP
import Testing

@Suite struct OpenAPIDocumentTests {
    private static let thing = Shape.object([.required("id", .integer)]).named("Thing")

    private static let routes: [Route] = {
        let answers: [RouteDescription.Answer] = [.json(thing, "The thing."), .page("Its page.")]
        var read = Route(.get, "/things/{id:int}/", access: .signedIn, summary: "A thing") { _ in Response() }
        read.description = RouteDescription(
            "Things", parameters: [.query("q", .text(0...9), "Words."), .path("id", .integer(0...9), "Its id.")],
            answers: answers, problems: [(.notFound, "No such thing.")])
        var write = Route(.post, "/things/{id:int}/", access: .signedIn, summary: "Change it") { _ in Response() }
        write.description = RouteDescription(
            "Things", detail: "At once.", content: .init([.required("size", .integer(1...5))]), answers: answers)
        var open = Route(.get, "/open/{name}", access: .anyone, summary: "Open") { _ in Response() }
        open.description = RouteDescription("Others", answers: [.redirect("Away.", status: .found)])
        var known = Route(.get, "/known", access: .known, summary: "Known") { _ in Response() }
        known.description = RouteDescription("Others", answers: answers)
        var few = Route(.get, "/few", access: .roles(["writer", "admin", "reader"]), summary: "Few") { _ in Response() }
        few.description = RouteDescription("Others", answers: answers)
        var one = Route(.get, "/one", access: .admin, summary: "One") { _ in Response() }
        one.description = RouteDescription("Others", answers: answers)
        let files = Route(.get, "/static/{path*}", access: .anyone, summary: "Files") { _ in Response() }
        return [read, write, open, known, few, one, files]
    }()

    private static let document = OpenAPIDocument(routes, title: "Test", version: "1.2.3").json
    private static let read = document["paths"]?["/things/{id}/"]?["get"]
    private static let write = document["paths"]?["/things/{id}/"]?["post"]

    @Test func `the document lists the described routes by path and method`() {
        let document = Self.document
        #expect(document["openapi"] == "3.1.0" && document["info"]?["version"] == "1.2.3")
        #expect(document["paths"]?.objectValue?.keys == ["/things/{id}/", "/open/{name}", "/known", "/few", "/one"])
        #expect(document["tags"] == [["name": "Things"], ["name": "Others"]])
        #expect(Self.read?["operationId"] == "get_things_id" && Self.write?["operationId"] == "post_things_id")
        #expect(Self.write?["summary"] == "Change it" && Self.write?["description"] == "At once.")
    }

    @Test func `parameters of path and query are described once each, the path's also without a note`() {
        #expect(
            Self.read?["parameters"] == [
                [
                    "name": "id", "in": "path", "required": true, "description": "Its id.",
                    "schema": ["type": "integer", "minimum": 0, "maximum": 9],
                ],
                [
                    "name": "q", "in": "query", "required": false, "description": "Words.",
                    "schema": ["type": "string", "minLength": 0, "maxLength": 9],
                ],
            ])
        #expect(Self.write?["parameters"]?[0]?["name"] == "id")
        #expect(Self.document["paths"]?["/open/{name}"]?["get"]?["parameters"]?[0]?["schema"] == ["type": "string"])
    }

    @Test func `content is JSON or a form, answers share a status, problems have the common form`() {
        let content = Self.write?["requestBody"]
        #expect(content?["required"] == true)
        #expect(
            content?["content"]?.objectValue?.keys == ["application/json", "application/x-www-form-urlencoded"])
        let ok = Self.read?["responses"]?["200"]?["content"]
        #expect(ok?["application/json"]?["schema"] == ["$ref": "#/components/schemas/Thing"])
        #expect(ok?["text/html"] != nil)
        let problem = Self.read?["responses"]?["404"]?["content"]?["application/problem+json"]?["schema"]
        #expect(problem == ["$ref": "#/components/schemas/Problem"])
        #expect(Self.read?["responses"]?["default"] == ["$ref": "#/components/responses/Problem"])
        let redirect = Self.document["paths"]?["/open/{name}"]?["get"]?["responses"]?["302"]
        #expect(redirect?["headers"]?["Location"] != nil && redirect?["content"] == nil)
    }

    @Test func `who may call is said as security, with the forgery token where something changes`() {
        #expect(Self.read?["security"] == [["token": []], ["session": []]])
        #expect(Self.write?["security"] == [["token": []], ["session": [], "csrf": []]])
        #expect(Self.document["paths"]?["/open/{name}"]?["get"]?["security"] == [])
        #expect(Self.document["paths"]?["/known"]?["get"]?["security"] == [[:], ["token": []], ["session": []]])
        #expect(Self.read?["responses"]?["401"] != nil && Self.read?["responses"]?["302"] != nil)
        #expect(Self.write?["responses"]?["302"] == nil)
        let schemes = Self.document["components"]?["securitySchemes"]?.objectValue
        #expect(schemes?.keys == ["token", "session", "csrf"])
    }

    @Test(
        arguments: [
            ("/things/{id}/", "signedIn"), ("/open/{name}", "anyone"), ("/known", "known"), ("/one", ["admin"]),
            ("/few", ["admin", "reader", "writer"]),
        ] as [(String, JSON)])
    func `who may call is a word or the names of roles, in the same order each time`(path: String, access: JSON) {
        #expect(Self.document["paths"]?[path]?["get"]?["x-access"] == access)
    }

    @Test func `every reference leads somewhere`() {
        var references: Set<String> = []
        func walk(_ value: JSON) {
            if let target = value["$ref"]?.stringValue { references.insert(target) }
            for element in value.arrayValue ?? [] { walk(element) }
            for member in value.objectValue ?? [:] { walk(member.value) }
        }
        walk(Self.document)
        #expect(references.count >= 3)
        for reference in references {
            var place: JSON? = Self.document
            for part in reference.split(separator: "/").dropFirst() { place = place?[String(part)] }
            #expect(place != nil, "\(reference)")
        }
        #expect(Self.document["components"]?["schemas"]?["Thing"]?["properties"]?["id"] != nil)
    }
}

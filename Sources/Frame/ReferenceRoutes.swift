import Base
import HTTP

/// The API's description of itself, made once from the route table: a document for programs, two pages for people.
package struct ReferenceRoutes: Sendable {
    /// Every route of the server, these included.
    package let routes: [Route]

    /// - Parameters:
    ///   - others: all other routes. One that is neither described nor files is a mistake of the program, found at start.
    ///   - server: the public address; nil when it isn't known.
    package init(besides others: [Route], frame: Frame, version: String, server: String?) {
        for route in others {
            precondition(route.description != nil || route.pattern.hasSuffix("*}"), "\(route.name) is not described")
        }
        let document = Document()
        let own = [
            Route(.get, "/openapi.json", access: .anyone, summary: "This description, as OpenAPI 3.1") { request in
                document.answer(to: request)
            },
            Route(.get, "/docs", access: .known, summary: "The API, to try") { request in
                try document.pages(frame).trying(request)
            },
            Route(.get, "/redoc", access: .known, summary: "The API, to read") { request in
                try document.pages(frame).reading(request)
            },
        ].map { $0.described(in: Self.descriptions) }
        routes = others + own
        document.publish(OpenAPIDocument(routes, title: "Sluice", version: version, server: server), of: routes)
    }

    private static let descriptions: [String: RouteDescription] = [
        "GET /openapi.json": RouteDescription(
            "Reference",
            answers: [
                .json(Shape.object([.required("openapi", .word("3.1.0"))]).andOthers, "The document."),
                .nothing("It is still the one that If-None-Match names.", status: .notModified),
            ]),
        "GET /docs": RouteDescription("Reference", answers: [.page("Operations with forms.")]),
        "GET /redoc": RouteDescription("Reference", answers: [.page("Operations with examples.")]),
    ]
}

/// The document's bytes. Its own route is a part of what it describes, so it is filled in after the routes are made and before any is
/// called (`@unchecked Sendable` on that ground).
private final class Document: @unchecked Sendable {
    private var bytes: [UInt8] = []
    private var entityTag = ""
    private var routes: [Route] = []

    func pages(_ frame: Frame) -> ReferencePages { ReferencePages(frame: frame, routes: routes) }

    func publish(_ document: OpenAPIDocument, of routes: [Route]) {
        self.routes = routes
        bytes = document.json.bytes
        entityTag = "\"\(Hex.encode(SHA256.hash(bytes)).prefix(24))\""
    }

    func answer(to request: Request) -> Response {
        let headers = [("Content-Type", "application/json"), ("ETag", entityTag), ("Cache-Control", "no-cache")]
        if request.header("if-none-match")?.contains(entityTag) == true {
            return Response(.notModified, headers: Array(headers.dropFirst()))
        }
        return Response(headers: headers, body: bytes)
    }
}

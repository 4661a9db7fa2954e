import Accounts
import Base
import HTTP
import TestDesk
import Testing

/// The published document is sound, and it alone is enough to judge answers by.
@Suite(.timeLimit(.minutes(5))) struct OpenAPIRulesTests {
    @Test func `the desk's document keeps the rules`() async throws {
        try await withDesk { desk in
            let document = try await desk.stranger.get("/openapi.json").json
            #expect(OpenAPIRules.faults(in: document) == [])
            let operations = (document["paths"]?.objectValue?.members ?? []).flatMap { item in
                item.value.objectValue?.keys ?? []
            }
            #expect(operations.count == desk.routes.filter { $0.description != nil }.count)
        }
    }

    private static let sound: JSON = [
        "openapi": "3.1.0", "info": ["title": "T", "version": "1"], "tags": [["name": "a"]],
        "paths": [
            "/things/{id}/": [
                "get": [
                    "operationId": "get_things_id", "tags": ["a"], "security": [["token": []]],
                    "parameters": [["name": "id", "in": "path", "required": true, "schema": ["type": "integer"]]],
                    "responses": [
                        "200": [
                            "description": "Good.",
                            "content": ["application/json": ["schema": ["$ref": "#/components/schemas/Thing"]]],
                        ], "default": ["$ref": "#/components/responses/Problem"],
                    ],
                ]
            ]
        ],
        "components": [
            "securitySchemes": ["token": ["type": "http"]],
            "schemas": [
                "Thing": [
                    "type": "object", "required": ["id"], "additionalProperties": false,
                    "properties": [
                        "id": ["type": "integer", "minimum": 1, "maximum": 9],
                        "name": ["type": ["string", "null"], "maxLength": 3],
                        "kinds": ["type": "array", "maxItems": 2, "items": ["type": "string", "enum": ["a", "b"]]],
                        "at": ["anyOf": [["type": "string", "format": "date-time"], ["type": "null"]]],
                    ],
                ]
            ],
            "responses": [
                "Problem": [
                    "description": "Bad.",
                    "content": [
                        "application/problem+json": [
                            "schema": ["type": "object", "required": ["title"], "properties": ["title": [:]]]
                        ]
                    ],
                ]
            ],
        ],
    ]

    /// A place in the document and what is put there; null: it is taken away.
    private static let broken: [(place: [String], value: JSON, fault: String)] = [
        (["openapi"], "3.0.3", "openapi: is 3.1.x"), (["info", "title"], "", "info: has a title"),
        (["tags"], [["name": "b"]], "get /things/{id}/: has tags that are listed"),
        (["tags"], [["name": "a"], ["name": "a"]], "tags: are unique"),
        (["paths", "/things/{other}/"], [:], "/things/{other}/: differs from others by more than its names"),
        (["paths", "/things/{id}/", "fetch"], ["operationId": "x"], "fetch /things/{id}/: is a method"),
        (
            ["paths", "/more"], ["get": ["operationId": "get_things_id"]],
            "get /more: has an operationId of its own"
        ),
        (["paths", "/more"], ["get": ["operationId": "x"]], "get /more: has responses"),
        (
            ["paths", "/things/{id}/", "get", "parameters"], [],
            "get /things/{id}/: declares the parts of its path and no other"
        ),
        (
            ["paths", "/things/{id}/", "get", "parameters"], [["name": "id", "in": "path", "schema": [:]]],
            "get /things/{id}/: needs what stands in its path: id"
        ),
        (
            ["paths", "/things/{id}/", "get", "responses", "20"], ["description": "x"],
            "get /things/{id}/: has statuses, not 20"
        ),
        (
            ["paths", "/things/{id}/", "get", "responses", "204"], ["description": ""],
            "get /things/{id}/ 204: has a description"
        ),
        (
            ["paths", "/things/{id}/", "get", "responses", "304"], ["description": "x", "content": ["": [:]]],
            "get /things/{id}/ 304: has types of content, not \"\""
        ),
        (
            ["paths", "/things/{id}/", "get", "requestBody"], ["content": ["a/b": [:]]],
            "get /things/{id}/: takes no content"
        ),
        (
            ["components", "securitySchemes", "token"], [:],
            "get /things/{id}/: is protected by a scheme that is described, not token"
        ),
        (
            ["components", "schemas", "Thing", "required"], ["size"],
            "#/components/schemas/Thing: requires what it has, not \"size\""
        ),
        (
            ["components", "schemas", "Thing", "properties", "id", "minimum"], 10,
            "#/components/schemas/Thing/id: has a minimum up to its maximum"
        ),
        (
            ["components", "schemas", "Thing", "properties", "id", "type"], "int",
            "#/components/schemas/Thing/id: has a type"
        ),
        (
            ["components", "schemas", "Thing", "nullable"], true,
            "#/components/schemas/Thing: has keywords that the tests know, not nullable"
        ),
        (
            ["components", "responses"], [:],
            "#/paths//things/{id}//get/responses/default: refers to something that is there"
        ),
    ]

    private static func put(_ value: JSON, at place: some Collection<String>, in document: JSON) -> JSON {
        guard let name = place.first else { return value }
        var changed = document
        changed[name] = put(value, at: place.dropFirst(), in: document[name] ?? [:])
        return changed
    }

    @Test func `a broken document is told by the rule it breaks`() {
        #expect(OpenAPIRules.faults(in: Self.sound) == [])
        for (place, value, fault) in Self.broken {
            let faults = OpenAPIRules.faults(in: Self.put(value, at: place, in: Self.sound))
            #expect(faults.contains(fault), "\(place): \(faults)")
        }
    }

    @Test(
        arguments: [
            (200, "application/json", #"{"id":1}"#, true), (200, "application/json", #"{"id":0}"#, false),
            (200, "application/json", #"{"id":10}"#, false), (200, "application/json", #"{"id":"1"}"#, false),
            (200, "application/json", #"{}"#, false), (200, "application/json", #"{"id":1,"more":1}"#, false),
            (200, "application/json", #"{"id":1,"name":null,"at":null,"kinds":["a","b"]}"#, true),
            (200, "application/json", #"{"id":1,"name":"abcd"}"#, false),
            (200, "application/json", #"{"id":1,"kinds":["c"]}"#, false),
            (200, "application/json", #"{"id":1,"kinds":["a","a","a"]}"#, false),
            (200, "application/json", #"{"id":1,"at":"yesterday"}"#, false),
            (200, "application/json", #"{"id":1"#, false), (200, "text/plain", "x", false),
            (201, "application/json", #"{"id":1}"#, false), (404, "application/problem+json", #"{"title":"x"}"#, true),
            (404, "application/problem+json", #"{}"#, false), (404, "application/json", #"{"title":"x"}"#, false),
            (404, "text/html", "<p>", true),
        ])
    func `an answer is judged by the document alone`(status: Int, type: String, body: String, fits: Bool) {
        let api = PublishedAPI(Self.sound)
        let mismatch = api.mismatch(
            method: "GET", path: "/things/{id}/", status: status, type: type, body: Array(body.utf8))
        #expect((mismatch == nil) == fits, "\(mismatch ?? "fits")")
        let elsewhere = api.mismatch(method: "POST", path: "/things/{id}/", status: status, type: type, body: [])
        #expect(elsewhere == "POST /things/{id}/ is not in the document")
    }

    /// That each fits the document is what the desk checks when it stops.
    @Test func `problems of every kind come in the form that the document has`() async throws {
        try await withDesk { desk in
            let admin = try await desk.program(.admin)
            #expect(try await desk.stranger.get("/campaigns/").status == 401)
            #expect(try await desk.program(.analyst).post("/campaigns/flow/1/push/").status == 403)
            for path in ["/nowhere", "/campaigns/7777/", "/campaigns/pushes/7777/"] {
                #expect(try await admin.get(path).status == 404, "\(path)")
            }
            #expect(try await admin.post("/openapi.json").status == 405)
            #expect(try await desk.program(key: nil).post("/campaigns/sync-campaigns/").status == 409)
            #expect(try await admin.post("/users/settings/", ["language": "xx"]).status == 422)
            let form = try await desk.stranger.get("/users/invitation/?token=none")
            #expect(form.status == 410)
            #expect(desk.contract.problems.isSuperset(of: [401, 403, 404, 405, 409, 410, 422]))
        }
    }
}

import Base

/// What a handler throws to answer with a problem (RFC 9457). Anything else thrown becomes a 500 that says nothing.
package struct HTTPError: Error, Sendable {
    package struct Field: Hashable, Sendable {
        package var name: String
        package var detail: String
        package init(_ name: String, _ detail: String) {
            self.name = name
            self.detail = detail
        }
    }

    package var status: Status
    /// One line for people, in their language; the status' reason when nil.
    package var title: String?
    package var detail: String?
    /// A path below `/problems/` that names the kind of problem, or nil for `about:blank`.
    package var type: String?
    package var fields: [Field]
    package var headers: [(String, String)]
    /// Further members of the problem object.
    package var members: [(String, JSON)]

    package init(
        _ status: Status, title: String? = nil, detail: String? = nil, type: String? = nil, fields: [Field] = [],
        headers: [(String, String)] = [], members: [(String, JSON)] = []
    ) {
        self.status = status
        self.title = title
        self.detail = detail
        self.type = type
        self.fields = fields
        self.headers = headers
        self.members = members
    }

    /// One bad field, 422, named in the text as well.
    package static func field(_ name: String, _ detail: String) -> HTTPError {
        HTTPError(.unprocessable, detail: detail, fields: [Field(name, detail)])
    }

    package static let overloadedType = "/problems/overloaded"

    /// More work than can be done now; nothing of the request was done. Retries are spread over a few seconds.
    static var overloaded: HTTPError {
        HTTPError(
            .serviceUnavailable, detail: "The server has more work than it can do now.", type: overloadedType,
            headers: [("Retry-After", String(Int.random(in: 1...3)))])
    }
}

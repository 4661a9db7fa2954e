import Base
import Fetch

/// Somebody who sends requests to a desk under test: a stranger, a program with a token, or a browser with a session.
package struct Visitor: Sendable {
    let fetch: Fetch
    /// Such as `http://127.0.0.1:8080`.
    package var base: String
    package var headers: FetchHeaders
    /// Sent with each request that changes something.
    package var csrfToken: String?

    package init(fetch: Fetch, base: String, headers: FetchHeaders) {
        self.fetch = fetch
        self.base = base
        self.headers = headers
    }

    package struct Answer: Sendable {
        package let status: Int
        package let headers: FetchHeaders
        package let body: [UInt8]

        package var text: String { String(decoding: body, as: UTF8.self) }
        /// Null when it is no JSON.
        package var json: JSON { (try? JSON(parsing: body)) ?? .null }
        /// The fields a problem complains about.
        package var fields: [String] {
            (json["errors"]?.arrayValue ?? []).compactMap { $0["field"]?.stringValue }
        }
        package var detail: String { json["detail"]?.stringValue ?? "" }
        package var title: String { json["title"]?.stringValue ?? "" }
    }

    package func with(_ name: String, _ value: String) -> Visitor {
        var other = self
        other.headers.append(name, value)
        return other
    }

    /// The same person, asking for another form of answers: a page's script asks for JSON.
    package func accepting(_ types: String) -> Visitor {
        var other = self
        other.headers = ["Accept": types]
        for field in headers.fields where field.name != "Accept" { other.headers.append(field.name, field.value) }
        return other
    }

    package func get(_ path: String) async throws -> Answer { try await send(.get, path) }

    package func head(_ path: String) async throws -> Answer { try await send(.head, path) }

    package func post(_ path: String, _ json: JSON = [:]) async throws -> Answer {
        try await with("Content-Type", "application/json").send(.post, path, json.bytes)
    }

    package func postForm(_ path: String, _ fields: [(String, String)]) async throws -> Answer {
        let text = fields.map { "\(Self.encode($0.0))=\(Self.encode($0.1))" }.joined(separator: "&")
        return try await with("Content-Type", "application/x-www-form-urlencoded").send(.post, path, Array(text.utf8))
    }

    package func send(_ method: OutgoingRequest.Method, _ path: String, _ body: [UInt8] = []) async throws -> Answer {
        var headers = headers
        if method == .post, let csrfToken { headers.append("X-CSRF-Token", csrfToken) }
        let response = try await fetch.send(
            OutgoingRequest(
                method, base + path, headers: headers, body: body, deadline: .seconds(60),
                isRepeatable: false))
        return Answer(status: response.status, headers: response.headers, body: response.body)
    }

    package static func encode(_ text: String) -> String {
        text.utf8.map { byte in
            let isPlain = (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
            return isPlain ? String(Unicode.Scalar(byte)) : "%" + Hex.encode([byte])
        }.joined()
    }
}

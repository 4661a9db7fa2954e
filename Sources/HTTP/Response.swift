import Base

/// An answer. Content-Length, Date and Connection are the connection's to write; the rest is here.
package struct Response: Sendable {
    package var status: Status
    package private(set) var headers: [(name: String, value: String)] = []
    /// The fields as they are sent; nil until rendered, and again after each change of them.
    private(set) var renderedFields: [UInt8]?
    package var body: [UInt8]
    /// Where the content comes from instead of `body`.
    var source: Source?
    /// Whether a part of the content may be asked for.
    private(set) var offersRanges = false
    /// Close the connection after this answer.
    package var closes = false
    /// Send nothing and cut the connection: how the Sandbox plays a server that dies.
    package var isDropped = false

    package init(_ status: Status = .ok, headers: [(String, String)] = [], body: [UInt8] = []) {
        self.status = status
        self.body = body
        for (name, value) in headers { add(name, value) }
    }

    /// Content that isn't bytes in memory.
    enum Source: Sendable {
        /// These bytes of the file.
        case file(ServedFile, Range<Int>)
        case stream(StreamedBody)
    }

    var hasSource: Bool { if case nil = source { false } else { true } }

    /// In bytes; nil for content whose end isn't known before it is made.
    var contentLength: Int? {
        switch source {
        case nil: body.count
        case .file(_, let range): range.count
        case .stream: nil
        }
    }

    /// Lets clients ask for a part of the content (RFC 9110 §14.2). It must be the same bytes under the same ETag, so it isn't
    /// compressed on the way.
    package mutating func offerRanges() {
        offersRanges = true
        set("Accept-Ranges", "bytes")
    }

    /// Adds a field. CR, LF and NUL in the value become spaces, so a value can't start a field of its own (RFC 9110 §5.5).
    ///
    /// A name that isn't a token isn't added, nor are the fields that frame the answer: they are the connection's to write, and a second
    /// opinion on where an answer ends is how answers are smuggled (RFC 9112 §6.3). `closes` asks for the end of the connection.
    package mutating func add(_ name: String, _ value: String) {
        guard Self.mayCarry(name) else { return }
        renderedFields = nil
        let isLegal = value.utf8.allSatisfy { $0 != .carriageReturn && $0 != .lineFeed && $0 != 0 }
        headers.append(
            (name, isLegal ? value : String(value.unicodeScalars.map { $0.value < 0x20 ? " " : Character($0) })))
    }

    private static func mayCarry(_ name: String) -> Bool {
        guard !name.isEmpty, name.utf8.allSatisfy(isTokenByte) else { return false }
        // Told apart by length first: almost every field stops here.
        switch name.utf8.count {
        case 10, 14, 17: return !framing.contains(name.lowercased())
        default: return true
        }
    }

    private static let framing: Set<String> = ["connection", "content-length", "keep-alive", "transfer-encoding"]

    /// Replaces all fields called `name`.
    package mutating func set(_ name: String, _ value: String) {
        remove(name)
        add(name, value)
    }

    package mutating func remove(_ name: String) {
        renderedFields = nil
        let lowercased = name.lowercased()
        headers.removeAll { $0.name.lowercased() == lowercased }
    }

    package func header(_ name: String) -> String? {
        let lowercased = name.lowercased()
        return headers.first { $0.name.lowercased() == lowercased }?.value
    }

    /// A cookie that isn't well-formed isn't set.
    package mutating func set(_ cookie: SetCookie) {
        guard cookie.isWellFormed else { return }
        add("Set-Cookie", cookie.header)
    }

    /// With the fields that every answer carries, rendered once: for an answer that is given again and again, to anybody.
    package func prepared() -> Response {
        var response = self
        SecurityHeaders.add(to: &response)
        var fields: [UInt8] = []
        ResponseHead.write(response.headers, into: &fields)
        response.renderedFields = fields
        return response
    }

    package static func text(_ text: String, status: Status = .ok) -> Response {
        Response(status, headers: [("Content-Type", "text/plain; charset=utf-8")], body: Array(text.utf8))
    }

    package static func html(_ bytes: [UInt8], status: Status = .ok) -> Response {
        Response(status, headers: [("Content-Type", "text/html; charset=utf-8")], body: bytes)
    }

    package static func json(_ value: JSON, status: Status = .ok) -> Response {
        Response(status, headers: [("Content-Type", "application/json")], body: value.bytes)
    }

    /// 303 after a form, so that a reload doesn't send it again (RFC 9110 §15.4.4). Only to targets of our own making.
    package static func redirect(to path: String, _ status: Status = .seeOther) -> Response {
        Response(status, headers: [("Location", path)])
    }
}

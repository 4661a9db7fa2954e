import Base
import Reactor

/// One request, whole: head and content. Made by the connection, passed through middleware to one handler.
///
/// Touched only on the connection's loop (`@unchecked Sendable` on that ground).
package final class Request: @unchecked Sendable {
    let head: RequestHead
    /// The content; empty for a route that streams it.
    package let body: [UInt8]
    private var reader: BodyReader?
    /// The peer of the socket; behind a proxy that is the proxy.
    package let peer: SocketAddress?
    package let loop: EventLoop?
    /// When its head was complete; for durations.
    package let startedAt: MonotonicTime
    /// What the route table made of it; set before middleware runs.
    var match = Router.Match.notFound
    /// Values of the route's `{name}` parts, in the pattern's order.
    var parameters: [(name: String, value: PathValue)] = []
    private var attachments: [ObjectIdentifier: any Sendable] = [:]
    private var identifier: String?
    /// What query and content were read as: the contract of the route and its handler both ask.
    private var readQuery: FormFields?
    private var readJSON: JSON?
    private var readForm: FormFields?

    /// Whether its work ends with its client: a person's question, which nobody waits for any more. What strangers send, such as a
    /// postback, is often sent by programs that don't wait for the answer, and what changes something is finished.
    ///
    /// A client that only said it will send no more looks the same as one that left: both send one FIN, which is all that
    /// `EPOLLRDHUP` tells, and `EPOLLHUP` comes when this side has closed too.
    var isAbandonable: Bool {
        guard method == .get || method == .head, case .route(let route, _) = match else { return false }
        return route.access.needsPerson
    }

    init(
        head: RequestHead, body: [UInt8], incoming: BodyReader? = nil, peer: SocketAddress?, loop: EventLoop?,
        startedAt: MonotonicTime = .now()
    ) {
        self.head = head
        self.body = body
        reader = incoming
        self.peer = peer
        self.loop = loop
        self.startedAt = startedAt
    }

    package var method: Method { head.method }

    /// The route that answers it; nil when none does.
    package var route: Route? {
        if case .route(let route, _) = match { return route }
        return nil
    }

    /// The path as sent, percent-encoded.
    package var rawPath: String { String(decoding: head.bytes[head.pathRange], as: UTF8.self) }
    package var rawQuery: String { String(decoding: head.bytes[head.queryRange], as: UTF8.self) }

    /// A short random name of this request for logs, errors and the `X-Request-Id` field.
    package var id: String {
        if let identifier { return identifier }
        let random = String(UInt64.random(in: .min ... .max), radix: 16)
        let made = String(repeating: "0", count: 16 - random.count) + random
        identifier = made
        return made
    }

    /// The field called `name`, which is written in lowercase. Repeated fields are one list (RFC 9110 §5.2): a proxy may add its
    /// `X-Forwarded-For` below the client's own, and the last word must be the proxy's.
    package func header(_ name: StaticString) -> String? {
        var joined: String?
        for field in head.fields where head.isNamed(name, field) {
            let value = String(decoding: head.value(of: field), as: UTF8.self)
            joined = joined.map { "\($0), \(value)" } ?? value
        }
        return joined
    }

    /// All header fields in their order, names as sent.
    package var headerFields: [(name: String, value: String)] {
        head.fields.map {
            (String(decoding: head.name(of: $0), as: UTF8.self), String(decoding: head.value(of: $0), as: UTF8.self))
        }
    }

    /// Host from the target or the Host field, with its port, as sent.
    package var host: String? {
        if let authority = head.authorityRange { return String(decoding: head.bytes[authority], as: UTF8.self) }
        return head.hostField.map { String(decoding: head.value(of: head.fields[$0]), as: UTF8.self) }
    }

    package func cookie(_ name: String) -> String? {
        header("cookie").flatMap { Cookies.value(of: name, in: $0) }
    }

    // MARK: What the route took from the path

    /// An `{name:int}` part. A route that doesn't have it is a programming error, answered with 500.
    package func int(_ name: String) throws -> Int64 {
        for parameter in parameters where parameter.name == name {
            if case .integer(let value) = parameter.value { return value }
        }
        throw HTTPError(.internalServerError, detail: "the route has no integer part called \(name)")
    }

    /// A `{name}` part, decoded.
    package func text(_ name: String) throws -> String {
        for parameter in parameters where parameter.name == name {
            if case .text(let value) = parameter.value { return value }
        }
        throw HTTPError(.internalServerError, detail: "the route has no text part called \(name)")
    }

    // MARK: Content

    /// Fields of the query string; 400 when it can't be decoded.
    package func query() throws -> FormFields {
        if let readQuery { return readQuery }
        do {
            let query = try FormFields(reading: head.bytes[head.queryRange])
            readQuery = query
            return query
        } catch {
            throw error.problem(of: "The query string")
        }
    }

    /// The content piece by piece, once: as it comes where the route streams it, else as one piece.
    package var content: BodyReader {
        if let reader { return reader }
        let whole = BodyReader(whole: body)
        reader = whole
        return whole
    }

    /// Whether the client left before its content had come, so that nobody waits for an answer.
    var isAbandoned: Bool { reader?.isAbandoned ?? false }

    /// The content's type without parameters, lowercase; empty when absent.
    package var contentType: String {
        let type = header("content-type")?.split(separator: ";").first.map(String.init) ?? ""
        return String(type.filter { $0 != " " }).lowercased()
    }

    package func form() throws -> FormFields {
        if let readForm { return readForm }
        do {
            let form = try FormFields(reading: body)
            readForm = form
            return form
        } catch {
            throw error.problem(of: "The form")
        }
    }

    /// The content as JSON; 400 when it is none, or a string in it holds a NUL.
    package func json() throws -> JSON {
        if let readJSON { return readJSON }
        let json: JSON
        do {
            json = try JSON(parsing: body)
        } catch {
            throw HTTPError(.badRequest, detail: "The content is not valid JSON: \(error).")
        }
        if JSON.mayHoldNUL(body), let place = json.placeOfNUL { throw HTTPError.nul(field: place, in: "The content") }
        readJSON = json
        return json
    }

    // MARK: What middleware attached

    package subscript<Value: Sendable>(_ type: Value.Type) -> Value? {
        get { attachments[ObjectIdentifier(type)] as? Value }
        set { attachments[ObjectIdentifier(type)] = newValue }
    }
}

extension Request {
    /// A request without a connection, for tests and for calls from inside.
    package static func make(
        _ method: Method = .get, _ target: String = "/", headers: [(String, String)] = [], body: [UInt8] = []
    ) throws -> Request {
        var text = "\(method.rawValue) \(target) HTTP/1.1\r\n"
        if !headers.contains(where: { $0.0.lowercased() == "host" }) { text += "Host: localhost\r\n" }
        for (name, value) in headers { text += "\(name): \(value)\r\n" }
        text += "\r\n"
        var parser = RequestParser(limits: Limits())
        let outcome = Array(text.utf8).withUnsafeBytes { parser.parse($0) }
        guard case .head(let head, _) = outcome else {
            throw HTTPError(.badRequest, detail: "the request can't be made from these parts")
        }
        return Request(head: head, body: body, peer: nil, loop: nil)
    }
}

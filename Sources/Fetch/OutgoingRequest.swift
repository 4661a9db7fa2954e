/// One HTTP request to an outside server. Neither redirects nor cookies are followed.
package struct OutgoingRequest: Sendable {
    package enum Method: String, Sendable {
        case get = "GET"
        case head = "HEAD"
        case post = "POST"
        case put = "PUT"
        case patch = "PATCH"
        case delete = "DELETE"
    }

    package var method: Method
    /// Absolute, `http` or `https`, already percent-encoded.
    package var url: String
    /// `Content-Type` is sent only when named here.
    package var headers: FetchHeaders
    package var body: [UInt8]
    /// For everything together: name lookup, connection, sending, waiting, the whole answer.
    package var deadline: Duration
    /// For name lookup, connection and TLS.
    package var connectTimeout: Duration
    /// In bytes, after decompression.
    package var responseLimit: Int
    /// Whether the request may be sent a second time when a kept-alive connection turns out to be dead after it was written
    /// (RFC 9110 §9.2.2). True for all methods but POST and PATCH; set it for a POST that only reads.
    package var isRepeatable: Bool

    package static let defaultResponseLimit = 32 << 20

    package init(
        _ method: Method, _ url: String, headers: FetchHeaders = [:], body: [UInt8] = [],
        deadline: Duration = .seconds(15), connectTimeout: Duration = .seconds(5),
        responseLimit: Int = OutgoingRequest.defaultResponseLimit, isRepeatable: Bool? = nil
    ) {
        self.method = method
        self.url = url
        self.headers = headers
        self.body = body
        self.deadline = deadline
        self.connectTimeout = connectTimeout
        self.responseLimit = responseLimit
        self.isRepeatable = isRepeatable ?? (method != .post && method != .patch)
    }
}

/// Method and origin only: the path of a bot call holds its token, a header its key.
extension OutgoingRequest: CustomStringConvertible, CustomReflectable {
    package var description: String { "\(method.rawValue) \(URLOrigin(url)?.description ?? "(no valid address)")" }
    package var customMirror: Mirror { Mirror(self, children: [:]) }
}

/// A whole answer of an outside server.
package struct FetchResponse: Sendable {
    package let status: Int
    /// Of the final answer, without those of a proxy or of `100 Continue`, and without trailers.
    package let headers: FetchHeaders
    /// Decompressed.
    package let body: [UInt8]
    /// From `send` to the last byte.
    package let duration: Duration

    package init(status: Int, headers: FetchHeaders = [:], body: [UInt8] = [], duration: Duration = .zero) {
        self.status = status
        self.headers = headers
        self.body = body
        self.duration = duration
    }
}

/// The body may hold what nobody should read in a log.
extension FetchResponse: CustomStringConvertible, CustomReflectable {
    package var description: String { "\(status), \(body.count) bytes" }
    package var customMirror: Mirror { Mirror(self, children: [:]) }
}

/// Why a request has no answer. Holds no path, header or body, so it may be logged.
package enum FetchError: Error, Hashable, Sendable {
    /// The deadline, or the shorter time for connecting, has passed. `sent`: some of the request had left, so that the server may
    /// have acted on it.
    case timeout(connected: Bool, sent: Bool)
    case couldNotResolve(host: String)
    case refused
    /// The certificate is not valid for this host, or the handshake failed.
    case tls(reason: String)
    /// The connection ended before the answer did. `sent` as for `timeout`.
    case reset(sent: Bool)
    /// The answer is longer than the request allowed.
    case tooLarge(limit: Int)
    /// The task was cancelled, or the process is stopping.
    case cancelled(sent: Bool)
    case invalidURL
    /// The named field has a name or a value that may not be sent.
    case invalidHeader(name: String)
    /// libcurl's code and its words for it.
    case other(code: Int32, text: String)

    /// Whether the server may have received the request and acted on it.
    package var mayHaveBeenReceived: Bool {
        switch self {
        case .timeout(_, let sent), .reset(let sent), .cancelled(let sent): sent
        case .tooLarge, .other: true
        case .couldNotResolve, .refused, .tls, .invalidURL, .invalidHeader: false
        }
    }
}

extension FetchError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .timeout(connected: false, _): "no connection in time"
        case .timeout(_, sent: false): "the request could not be sent in time"
        case .timeout: "no answer in time"
        case .couldNotResolve(let host): "no address for the name \(host)"
        case .refused: "connection refused"
        case .tls(let reason): "TLS: \(reason)"
        case .reset: "the connection broke off"
        case .tooLarge(let limit): "the answer is longer than \(limit) bytes"
        case .cancelled: "cancelled"
        case .invalidURL: "not a valid http or https address"
        case .invalidHeader(let name): "header \(name) may not be sent"
        case .other(_, let text): text
        }
    }
}

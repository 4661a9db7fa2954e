import Fetch

/// Why a call of the Admin API failed, with what a sentence about it needs (keitaro.md §1.1, §1.6). Never holds the key.
package enum KeitaroError: Hashable, Sendable {
    /// 401, or a text that cannot be a key.
    case keyRefused
    /// 402: the Admin API belongs to other editions.
    case editionWithoutAPI
    /// 403 by Keitaro itself: the key's user lacks the right.
    case noPermission(message: String)
    /// Something in front of the tracker turned the request away.
    case firewall(KeitaroFirewall)
    /// 404 by Keitaro itself. An archived campaign is not found either.
    case notFound(message: String)
    /// 400, 406, 422 and their like.
    case rejectedFields([KeitaroRejectedField])
    /// The address answers, but not as the API: a wrong path, the admin panel, another site.
    case notJSON(status: Int, isHTML: Bool)
    /// 5xx; `message` is Keitaro's own.
    case serverError(status: Int, message: String?)
    case rateLimited(retryAfter: Duration?)
    /// No answer within the deadline.
    case timeout(wasWrite: Bool)
    case unreachable(FetchError)
    /// To a scheme and host. `isOnlyHTTPS`: the same host over TLS, so the address merely wants an `s`.
    case redirected(to: String, isOnlyHTTPS: Bool)
    /// The answer is JSON of an unknown shape.
    case unreadable(KeitaroModelProblem)
}

/// Who turned a request away, as far as it says.
package struct KeitaroFirewall: Hashable, Sendable {
    package let isCloudflare: Bool
    /// Cloudflare's own number, such as 1010 (the client's signature is banned) or 1020 (a rule of the site's owner).
    package let code: Int?
    /// Names the event in the owner's Cloudflare log.
    package let rayID: String?

    package init(isCloudflare: Bool, code: Int? = nil, rayID: String? = nil) {
        self.isCloudflare = isCloudflare
        self.code = code
        self.rayID = rayID
    }
}

package struct KeitaroRejectedField: Hashable, Sendable {
    /// Empty when the complaint is about the whole request.
    package let field: String
    package let messages: [String]

    package init(field: String, messages: [String]) {
        self.field = field
        self.messages = messages
    }
}

extension Sequence<KeitaroRejectedField> {
    /// The complaints in Keitaro's words, on one line.
    package var sentence: String {
        map { ($0.field.isEmpty ? "" : "\($0.field): ") + $0.messages.joined(separator: ", ") }.joined(separator: "; ")
    }
}

/// Which part of which object could not be read.
package struct KeitaroModelProblem: Error, Hashable, Sendable, CustomStringConvertible {
    /// Such as `campaign 1001` or `stream 5002, offers 2`.
    package let object: String
    /// Empty when it is the object itself.
    package let field: String
    /// Such as `a whole number`.
    package let expected: String
    /// The kind of what was there, such as `a string` or `nothing`; never the value.
    package let found: String

    package init(object: String, field: String, expected: String, found: String) {
        self.object = object
        self.field = field
        self.expected = expected
        self.found = found
    }

    package var description: String {
        "\(object)\(field.isEmpty ? "" : ", field \(field)"): expected \(expected), found \(found)"
    }
}

extension KeitaroError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .keyRefused: "the key was refused"
        case .editionWithoutAPI: "this edition of Keitaro has no Admin API"
        case .noPermission(let message): "no permission: \(message)"
        case .firewall(let firewall):
            "turned away by \(firewall.isCloudflare ? "Cloudflare" : "a firewall")"
                + (firewall.code.map { ", code \($0)" } ?? "") + (firewall.rayID.map { ", ray \($0)" } ?? "")
        case .notFound(let message): "not found: \(message)"
        case .rejectedFields(let fields):
            "rejected: "
                + fields.map { ($0.field.isEmpty ? "" : "\($0.field): ") + $0.messages.joined(separator: ", ") }
                .joined(separator: "; ")
        case .notJSON(let status, let isHTML): "\(status) with \(isHTML ? "a web page" : "something") instead of JSON"
        case .serverError(let status, let message): "error \(status)" + (message.map { ": \($0)" } ?? "")
        case .rateLimited: "too many requests"
        case .timeout: "no answer in time"
        case .unreachable(let error): "\(error)"
        case .redirected(let target, _): "redirected to \(target)"
        case .unreadable(let problem): "unreadable answer: \(problem)"
        }
    }
}

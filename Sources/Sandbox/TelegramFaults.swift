import Base
import HTTP

/// A fault to play on the next calls that fit it.
package struct TelegramFault: Hashable, Sendable {
    package enum Kind: String, Hashable, Sendable, CaseIterable {
        /// 5xx as Telegram's own front answers: JSON with `ok: false`.
        case status
        /// A web page instead of JSON.
        case html
        /// No answer for `milliseconds`, then as usual.
        case latency
        /// The connection is cut without an answer.
        case reset
        /// 429 with `retry_after`.
        case rateLimit = "rate_limit"
    }

    package var kind: Kind
    /// The name of the method; nil for all.
    package var method: String?
    /// Nil for all.
    package var chatID: Int64?
    package var times: Int
    package var status: Int
    package var milliseconds: Int64
    package var retryAfter: Int64
    /// The call is carried out first, and then the fault happens: a message that is there, and nobody was told.
    package var isAfter: Bool

    package init(
        _ kind: Kind, method: String? = nil, chatID: Int64? = nil, times: Int = 1, status: Int = 502,
        milliseconds: Int64 = 0, retryAfter: Int64 = 1, isAfter: Bool = false
    ) {
        self.kind = kind
        self.method = method
        self.chatID = chatID
        self.times = times
        self.status = status
        self.milliseconds = milliseconds
        self.retryAfter = retryAfter
        self.isAfter = isAfter
    }

    /// - Throws: a 422 that names the field.
    init(_ json: JSON) throws {
        guard let kind = json["kind"]?.stringValue.flatMap({ Kind(rawValue: $0) }) else {
            throw HTTPError.field("kind", "kind is status, html, latency, reset or rate_limit.")
        }
        self.init(
            kind, method: json["method"]?.stringValue, chatID: json["chat_id"]?.intValue,
            times: Int(clamping: json["times"]?.intValue ?? 1), status: Int(clamping: json["status"]?.intValue ?? 502),
            milliseconds: json["milliseconds"]?.intValue ?? 0, retryAfter: json["retry_after"]?.intValue ?? 1,
            isAfter: json["after"]?.boolValue ?? false)
        guard (400...599).contains(status) else { throw HTTPError.field("status", "status is 400 to 599.") }
        guard (0...120_000).contains(milliseconds) else {
            throw HTTPError.field("milliseconds", "milliseconds is 0 to 120000.")
        }
    }

    func fits(_ method: String, _ chat: Int64?) -> Bool {
        times > 0 && (self.method == nil || self.method == method) && (chatID == nil || chatID == chat)
    }

    /// Nil: the usual answer.
    var response: Response? {
        switch kind {
        case .status:
            return .json(
                ["ok": false, "error_code": .integer(Int64(status)), "description": "Bad Gateway"],
                status: Status(status, "Sandbox"))
        case .html: return .html(Array("<!doctype html><title>502 Bad Gateway</title>".utf8), status: .ok)
        case .latency: return nil
        case .reset:
            var response = Response(.ok)
            response.isDropped = true
            return response
        case .rateLimit:
            var response = Response.json(
                [
                    "ok": false, "error_code": 429,
                    "description": .string("Too Many Requests: retry after \(retryAfter)"),
                    "parameters": ["retry_after": .integer(retryAfter)],
                ], status: .tooManyRequests)
            response.add("Retry-After", String(retryAfter))
            return response
        }
    }
}

import Base
import HTTP
import Reactor

/// A fault to play on the next requests that fit it. Pure but for the time it makes somebody wait.
package struct KeitaroFault: Hashable, Sendable {
    package enum Kind: String, Hashable, Sendable {
        /// Any status with `{"error": …}`.
        case status
        /// Cloudflare's 403 (reference/keitaro.md §1.1).
        case cloudflare
        /// 200 with a web page, as a wrong path gives.
        case html
        /// 404 as plain text (§1.6).
        case plainNotFound = "plain_not_found"
        /// 422 with a field map.
        case fields
        /// No answer for `milliseconds`, then as usual.
        case latency
        /// The connection is cut without an answer.
        case reset
        /// 429 with Retry-After.
        case rateLimit = "rate_limit"
    }

    package var kind: Kind
    /// Of the requests it concerns; nil for all.
    package var method: String?
    /// A part of their path; empty for all.
    package var path: String
    /// How often it happens before it is over.
    package var times: Int
    package var status: Int
    package var milliseconds: Int64
    /// The request is carried out first, and then the fault happens: a PUT that was saved but never confirmed.
    package var isAfter: Bool

    package init(
        _ kind: Kind, method: String? = nil, path: String = "", times: Int = 1, status: Int = 500,
        milliseconds: Int64 = 0,
        isAfter: Bool = false
    ) {
        self.kind = kind
        self.method = method
        self.path = path
        self.times = times
        self.status = status
        self.milliseconds = milliseconds
        self.isAfter = isAfter
    }

    /// - Throws: a 422 that names the field.
    init(_ json: JSON) throws {
        guard let kind = json["kind"]?.stringValue.flatMap({ Kind(rawValue: $0) }) else {
            throw HTTPError.field(
                "kind", "kind is status, cloudflare, html, plain_not_found, fields, latency, reset or rate_limit.")
        }
        self.init(
            kind, method: json["method"]?.stringValue, path: json["path"]?.stringValue ?? "",
            times: Int(clamping: json["times"]?.intValue ?? 1), status: Int(clamping: json["status"]?.intValue ?? 500),
            milliseconds: json["milliseconds"]?.intValue ?? 0, isAfter: json["after"]?.boolValue ?? false)
        guard (100...599).contains(status) else { throw HTTPError.field("status", "status is 100 to 599.") }
        guard (0...120_000).contains(milliseconds) else {
            throw HTTPError.field("milliseconds", "milliseconds is 0 to 120000.")
        }
    }

    func fits(_ method: String, _ path: String) -> Bool {
        times > 0 && (self.method == nil || self.method == method) && (self.path.isEmpty || path.contains(self.path))
    }

    var response: Response? {
        switch kind {
        case .status: return .json(["error": "The Sandbox was asked to fail."], status: Status(status, "Sandbox"))
        case .cloudflare:
            return .json(
                [
                    "title": "Error 1010: Access denied", "status": 403, "error_code": 1010,
                    "error_name": "browser_signature_banned", "cloudflare_error": true,
                ], status: .forbidden)
        case .html: return .html(Array("<!doctype html><title>Keitaro</title><div id=app></div>".utf8))
        case .plainNotFound: return .text("Traffic\\Model\\Stream not found", status: .notFound)
        case .fields: return .json(["offers": ["Share is invalid"]], status: .unprocessable)
        case .rateLimit:
            var response = Response.json(["error": "Too many requests"], status: .tooManyRequests)
            response.add("Retry-After", "2")
            return response
        case .latency: return nil
        case .reset:
            var response = Response(.ok)
            response.isDropped = true
            return response
        }
    }
}

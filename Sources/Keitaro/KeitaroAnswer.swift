import Base
import Fetch

/// Reads an answer of the tracker, or of whatever stands in its place, into JSON or the reason why it is none. Pure.
struct KeitaroAnswer {
    private let status: Int
    private let headers: FetchHeaders
    private let body: [UInt8]
    private let address: KeitaroAddress

    init(_ response: FetchResponse, from address: KeitaroAddress) {
        status = response.status
        headers = response.headers
        body = response.body
        self.address = address
    }

    func json() throws(KeitaroProblem) -> JSON {
        let parsed = try? JSON(parsing: body)
        let json = JSON.mayHoldNUL(body) ? parsed?.withoutNUL : parsed
        let isPage = if case .none = json { isHTML } else { false }
        switch status {
        case 200..<300:
            // The wrong path answers 200 with the panel's page (keitaro.md §1.1).
            guard let json else { throw KeitaroProblem(notJSON) }
            return json
        case 301, 302, 303, 307, 308: throw KeitaroProblem(redirection)
        case 401: throw KeitaroProblem(.keyRefused)
        case 402: throw KeitaroProblem(.editionWithoutAPI)
        case 403: throw KeitaroProblem(forbidden(json))
        case 404:
            if isPage { throw KeitaroProblem(notJSON) }
            throw KeitaroProblem(.notFound(message: message(json)))
        case 429: throw KeitaroProblem(.rateLimited(retryAfter: retryAfter))
        case 408: throw KeitaroProblem(.serverError(status: status, message: nil))
        case 400..<500:
            if isPage { throw KeitaroProblem(notJSON) }
            throw KeitaroProblem(.rejectedFields(KeitaroRejections.read(json, text: text)))
        case 503 where isPage && isChallenge: throw KeitaroProblem(.firewall(firewall(json)))
        case 500...:
            let message = isPage ? "" : message(json)
            throw KeitaroProblem(.serverError(status: status, message: message.isEmpty ? nil : message))
        default: throw KeitaroProblem(notJSON)
        }
    }

    private var notJSON: KeitaroError { .notJSON(status: status, isHTML: isHTML) }

    private var isHTML: Bool {
        if let type = headers["Content-Type"]?.lowercased(), type.contains("html") { return true }
        return body.first { $0 > 0x20 } == UInt8(ascii: "<")
    }

    /// The start of the body as one line of text; what a page says after that is of no use to anybody.
    private var text: String { KeitaroText.line(body) }

    /// `{"error": "..."}` or plain text, as the version has it.
    private func message(_ json: JSON?) -> String {
        guard let json else { return isHTML ? "" : text }
        let said = json["error"] ?? json["message"] ?? json
        return said.lenientString.map { KeitaroText.line($0.utf8) } ?? ""
    }

    private var redirection: KeitaroError {
        guard let location = headers["Location"] else { return notJSON }
        // A relative one stays on the same host.
        guard let target = URLOrigin(location) ?? address.origin else { return notJSON }
        let isOnlyHTTPS =
            address.origin?.scheme == "http" && target.scheme == "https" && target.host == address.origin?.host
        return .redirected(to: target.description, isOnlyHTTPS: isOnlyHTTPS)
    }

    /// Seconds; the other form, a date, is not worth reading.
    private var retryAfter: Duration? {
        guard let seconds = headers["Retry-After"].flatMap({ Int64($0.trimmingSpaces()) }), seconds >= 0 else {
            return nil
        }
        return .seconds(min(seconds, 86_400))
    }

    /// Cloudflare signs each answer that passes through it, Keitaro's own too; so only the body tells whose refusal it is.
    private func forbidden(_ json: JSON?) -> KeitaroError {
        if let json {
            let isCloudflare = json["cloudflare_error"]?.boolValue == true || json["error_code"]?.lenientInt != nil
            return isCloudflare ? .firewall(firewall(json)) : .noPermission(message: message(json))
        }
        if isHTML || isChallenge || text.lowercased().hasPrefix("error code:") { return .firewall(firewall(nil)) }
        return .noPermission(message: text)
    }

    private var isChallenge: Bool {
        if headers["cf-mitigated"] != nil { return true }
        let page = pageStart
        return [
            "just a moment", "challenge-platform", "cf-browser-verification", "cf-error-details", "attention required!",
        ]
        .contains { page.contains($0) }
    }

    private func firewall(_ json: JSON?) -> KeitaroFirewall {
        let page = pageStart
        let code = json?["error_code"]?.lenientInt.flatMap { Int(exactly: $0) } ?? KeitaroText.cloudflareCode(page)
        let ray = headers["cf-ray"] ?? json?["ray_id"]?.stringValue
        let isCloudflare =
            ray != nil || code != nil || headers["cf-mitigated"] != nil || json?["cloudflare_error"]?.boolValue == true
            || headers["Server"]?.lowercased() == "cloudflare" || page.contains("cloudflare")
        return KeitaroFirewall(isCloudflare: isCloudflare, code: code, rayID: ray.map { KeitaroText.line($0.utf8) })
    }

    private var pageStart: String { String(decoding: body.prefix(32_768), as: UTF8.self).lowercased() }
}

/// The error alone, before the facts of its call are added.
struct KeitaroProblem: Error, Equatable {
    let error: KeitaroError
    init(_ error: KeitaroError) { self.error = error }
}

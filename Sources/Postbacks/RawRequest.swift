import Base
import HTTP

/// What was sent, for people and for a second reading: `{"address", "method", "target", "headers", "body"}`, without
/// secrets.
package enum RawRequest {
    private static let bodyLimit = 16_384
    private static let valueLimit = 2_048
    private static let hiddenHeaders: Set<String> = [
        "authorization", "cookie", "proxy-authorization", "x-api-key", "x-auth-token", "x-csrf-token",
    ]
    private static let hiddenNames: Set<String> = [
        "secret", "token", "api_key", "apikey", "api-key", "access_token", "password", "pass", "auth",
    ]
    private static let mask = "***"

    /// - Parameters:
    ///   - secret: as the request gave it; empty when it gave none.
    ///   - address: the sender's.
    package static func json(of request: Request, secret: String, from address: String) -> String {
        var headers = JSONObject()
        for (name, value) in request.headerFields.prefix(60) {
            let name = storable(name.lowercased())
            let isHidden = hiddenHeaders.contains(name) || holds(secret, value)
            headers[name] = .string(isHidden ? mask : storable(value).cut(toBytes: valueLimit))
        }
        let query = request.rawQuery
        let json: JSON = [
            "address": .string(address), "method": .string(request.method.rawValue),
            "target": .string(
                storable(query.isEmpty ? request.rawPath : request.rawPath + "?" + masked(form: query, secret))
                    .cut(toBytes: bodyLimit)),
            "headers": .object(headers),
            "body": .string(
                storable(body(request.body, request.header("content-type") ?? "", secret)).cut(toBytes: bodyLimit)),
        ]
        return json.text
    }

    private static func body(_ body: [UInt8], _ contentType: String, _ secret: String) -> String {
        guard !body.isEmpty else { return "" }
        let text = String(decoding: body.prefix(4 * bodyLimit), as: UTF8.self)
        if let parts = MultipartForm.fields(of: body, contentType: contentType, limit: 4_000) {
            // As it came, unless something in it has to go: then its texts alone, a line for each.
            let lines = parts.map { (name: $0.name, value: LenientForm.decoded($0.value)) }
            guard lines.contains(where: { hides($0.name, $0.value, secret) }) else {
                return holds(secret, text) ? mask : text
            }
            return lines.map { line in
                let name = holds(secret, line.name) ? mask : line.name
                return "\(name)=\(hides(line.name, line.value, secret) ? mask : line.value)"
            }.joined(separator: "\n")
        }
        guard body.first(where: { $0 != 0x20 && !(0x09...0x0D ~= $0) }) == UInt8(ascii: "{") else {
            return masked(form: text, secret)
        }
        guard let object = (try? JSON(parsing: body))?.objectValue else {
            return holds(secret, text) ? mask : text
        }
        // As it came, unless something in it has to go.
        let hidden = object.members.filter { hides($0.key, $0.value.stringValue ?? $0.value.text, secret) }
        if hidden.isEmpty { return text }
        var shown = object
        for member in hidden { shown[member.key] = .string(mask) }
        return JSON.object(shown).text
    }

    /// Parts whose name or value is a secret, however they are encoded, lose their value.
    private static func masked(form: String, _ secret: String) -> String {
        form.split(separator: "&", omittingEmptySubsequences: false).map { part -> String in
            guard let pair = LenientForm.pairs(of: part.utf8, limit: 1).first, hides(pair.name, pair.value, secret)
            else {
                return String(part)
            }
            return holds(secret, pair.name) ? mask : part.prefix { $0 != "=" } + "=" + mask
        }.joined(separator: "&")
    }

    private static func hides(_ name: String, _ value: String, _ secret: String) -> Bool {
        hiddenNames.contains(String(name.trimmingSpaces()).lowercased()) || holds(secret, value) || holds(secret, name)
    }

    private static func holds(_ secret: String, _ text: String) -> Bool {
        // A shorter one is none of ours and would take half of the text with it.
        guard secret.utf8.count >= 6 else { return false }
        if Array(text.utf8).firstRange(of: Array(secret.utf8)) != nil { return true }
        guard text.utf8.contains(UInt8(ascii: "%")),
            let plain = PercentCoding.decode(Array(text.utf8), plusIsSpace: false)
        else { return false }
        return Array(plain.utf8).firstRange(of: Array(secret.utf8)) != nil
    }

    private static func storable(_ text: String) -> String {
        text.utf8.contains(0) ? text.replacing("\u{0}", with: "\u{FFFD}") : text
    }
}

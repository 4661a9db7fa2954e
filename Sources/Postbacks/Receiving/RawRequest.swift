import Base
import HTTP

/// What was sent, for people and for a second reading: `{"address", "method", "target", "headers", "body"}`, without
/// secrets (``HiddenParts``).
package enum RawRequest {
    private static let bodyLimit = 16_384
    private static let valueLimit = 2_048

    /// - Parameters:
    ///   - secret: as the request gave it; empty when it gave none.
    ///   - address: the sender's.
    package static func json(of request: Request, secret: String, from address: String) -> String {
        let hidden = HiddenParts(secret: secret)
        var headers = JSONObject()
        for (name, value) in request.headerFields.prefix(60) {
            let name = storable(name.lowercased())
            headers[name] = .string(
                hidden.hasHeader(name, value) ? HiddenParts.mask : storable(value).cut(toBytes: valueLimit))
        }
        var target = Array(request.rawPath.utf8)
        let query = Array(request.rawQuery.utf8)
        if !query.isEmpty {
            target.append(UInt8(ascii: "?"))
            target += masked(form: query[...], hidden)
        }
        let json: JSON = [
            "address": .string(address), "method": .string(request.method.rawValue),
            "target": .string(storable(LenientForm.decoded(target)).cut(toBytes: bodyLimit)),
            "headers": .object(headers),
            "body": .string(
                storable(body(request.body, request.header("content-type") ?? "", hidden)).cut(toBytes: bodyLimit)),
        ]
        return json.text
    }

    private static func body(_ sent: [UInt8], _ contentType: String, _ hidden: HiddenParts) -> String {
        let body = PostbackFields.withoutMark(sent)
        let read = body.prefix(4 * bodyLimit)
        guard let first = body.first(where: { !$0.isASCIISpace }) else { return text(read) }
        if let parts = MultipartForm.fields(of: body, contentType: contentType, limit: 4_000) {
            // As it came, unless something in it has to go: then its texts alone, a line for each.
            let lines = parts.map { (name: $0.name, value: LenientForm.decoded($0.value)) }
            guard lines.contains(where: { hidden.hasParameter($0.name, $0.value) }) else {
                return hidden.holds(read) ? HiddenParts.mask : text(read)
            }
            return lines.map { line in
                let name = hidden.holds(line.name) ? HiddenParts.mask : line.name
                return "\(name)=\(hidden.hasParameter(line.name, line.value) ? HiddenParts.mask : line.value)"
            }.joined(separator: "\n")
        }
        guard first == UInt8(ascii: "{") else { return text(masked(form: read, hidden)) }
        let isEscaped = read.holds(Array(#"\u"#.utf8))
        guard let object = (try? JSON(parsing: body))?.objectValue else {
            return hidden.holds(read) || hidden.isMissing && isEscaped ? HiddenParts.mask : text(read)
        }
        // As it came, unless something in it has to go.
        let shown = object.members.map { member in
            let isHidden = hidden.hasParameter(member.key, member.value.stringValue ?? member.value.text)
            return JSONObject.Member(
                key: hidden.holds(member.key) ? HiddenParts.mask : member.key,
                value: isHidden ? .string(HiddenParts.mask) : member.value)
        }
        // A member that a later one of its name replaced is in the text alone, perhaps with escapes.
        let mayHideMore = hidden.holds(read) || isEscaped
        return shown == object.members && !mayHideMore ? text(read) : JSON.object(JSONObject(shown)).text
    }

    /// Parts whose name or value is a secret, however they are encoded, lose their value. All others are as they came.
    private static func masked(form: ArraySlice<UInt8>, _ hidden: HiddenParts) -> ArraySlice<UInt8> {
        var out: [UInt8] = []
        // Up to where `form` is as it has to be; nothing is copied before something has to go.
        var kept = form.startIndex
        var start = form.startIndex
        while start <= form.endIndex {
            let end = form.place(of: UInt8(ascii: "&"), from: start)
            let (name, value) = LenientForm.pair(of: form[start..<end])
            if hidden.hasParameter(name, value) {
                out += form[kept..<start]
                let equals = form[..<end].place(of: UInt8(ascii: "="), from: start)
                if !hidden.holds(name) { out += form[start..<equals] + [UInt8(ascii: "=")] }
                out += HiddenParts.mask.utf8
                kept = end
            }
            start = end + 1
        }
        return kept == form.startIndex ? form : (out + form[kept...])[...]
    }

    private static func text(_ bytes: ArraySlice<UInt8>) -> String { String(decoding: bytes, as: UTF8.self) }

    private static func storable(_ text: String) -> String {
        text.holdsNUL ? text.replacing("\u{0}", with: "\u{FFFD}") : text
    }
}

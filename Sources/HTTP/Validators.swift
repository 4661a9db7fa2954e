import Base

/// Whether the asker's copy is still right (RFC 9110 §13).
enum Validators {
    /// Whether an `If-None-Match` list names the tag, by the weak comparison (§8.8.3.2).
    static func list(_ field: String, names tag: String) -> Bool {
        if field == "*" { return true }
        let opaque = opaque(Substring(tag))
        return field.split(separator: ",").contains { member in
            var candidate = member.drop { $0 == " " || $0 == "\t" }
            while candidate.last == " " || candidate.last == "\t" { candidate.removeLast() }
            return self.opaque(candidate) == opaque
        }
    }

    private static func opaque(_ tag: Substring) -> Substring { tag.hasPrefix("W/") ? tag.dropFirst(2) : tag }
}

extension RequestHead {
    /// Whether a copy or a part is asked about; costs a look at the lengths of the fields' names.
    var isConditionalOrPartial: Bool {
        fields.contains { field in
            switch field.nameLength {
            case 5: isNamed("range", field)
            case 13: isNamed("if-none-match", field)
            case 17: isNamed("if-modified-since", field)
            default: false
            }
        }
    }
}

extension Response {
    /// Whether the request names the content it would get. `If-Modified-Since` counts only without `If-None-Match` (§13.1.3).
    func isKnown(to request: Request) -> Bool {
        guard status == .ok, request.method == .get || request.method == .head else { return false }
        if let known = request.header("if-none-match") {
            return header("ETag").map { Validators.list(known, names: $0) } ?? false
        }
        guard let since = request.header("if-modified-since").flatMap(HTTPDate.time),
            let modified = header("Last-Modified")
        else { return false }
        return HTTPDate.time(from: modified).map { $0 <= since } ?? false
    }

    /// Keeps what a cache wants to renew (§15.4.5).
    mutating func becomeNotModified() {
        status = .notModified
        body = []
        source = nil
        for name in ["Content-Type", "Content-Encoding", "Content-Disposition"] { remove(name) }
    }
}

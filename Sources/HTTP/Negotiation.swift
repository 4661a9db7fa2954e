extension Request {
    /// Whether the asker is a browser that shows pages: it names `text/html` (RFC 9110 §12.5.1) before or beside JSON, and doesn't
    /// come with a token. Programs that say nothing get JSON.
    package var wantsPage: Bool {
        if header("authorization") != nil { return false }
        guard let accept = header("accept") else { return false }
        guard let html = accept.firstRange(of: "text/html") else { return false }
        guard let json = accept.firstRange(of: "application/json") else { return true }
        return html.lowerBound < json.lowerBound
    }

    /// Whether the content is JSON by its type; forms are the other kind taken.
    package var hasJSONContent: Bool {
        let type = contentType
        return type == "application/json" || type.hasSuffix("+json")
    }
}

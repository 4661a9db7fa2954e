import CCurl

/// Scheme, host and port of an absolute address: the part of it that is never secret. Read by libcurl, so that it sees the same
/// host as the request will.
package struct URLOrigin: Hashable, Sendable, CustomStringConvertible {
    /// `http` or `https`.
    package let scheme: String
    /// In lower case; an IPv6 address stands in brackets.
    package let host: String
    /// Nil when it is the scheme's own.
    package let port: Int?

    /// Nil when the text is not an absolute `http` or `https` address.
    package init?(_ url: String) {
        // C would end the text at a NUL, and a line break has no place in a request line.
        guard !url.utf8.contains(where: { $0 <= 0x20 || $0 == 0x7F }), let handle = curl_url() else { return nil }
        defer { curl_url_cleanup(handle) }
        guard curl_url_set(handle, CURLUPART_URL, url, 0) == CURLUE_OK,
            let scheme = Self.part(CURLUPART_SCHEME, of: handle), scheme == "http" || scheme == "https",
            let host = Self.part(CURLUPART_HOST, of: handle), !host.isEmpty
        else { return nil }
        self.scheme = scheme
        self.host = host.lowercased()
        let port = Self.part(CURLUPART_PORT, of: handle).flatMap { Int($0) }
        self.port = port == (scheme == "https" ? 443 : 80) ? nil : port
    }

    package var description: String {
        if let port { "\(scheme)://\(host):\(port)" } else { "\(scheme)://\(host)" }
    }

    private static func part(_ part: CURLUPart, of handle: OpaquePointer) -> String? {
        var text: UnsafeMutablePointer<CChar>?
        guard curl_url_get(handle, part, &text, 0) == CURLUE_OK, let text else { return nil }
        defer { curl_free(text) }
        return String(cString: text)
    }
}

/// What is done to every answer once the handler has given it: the asker's cached copy is honoured, the content compressed.
extension Response {
    /// Small answers to unconditional requests, the hot path, come through without a look at their fields.
    func needsConcluding(for request: Request) -> Bool {
        body.count >= ContentCoding.floor
    }

    mutating func conclude(for request: Request) async {
        guard isWorthCompressing else { return }
        varyByEncoding()
        guard let accepted = request.header("accept-encoding"), AcceptEncoding.prefersGzip(accepted) else { return }
        // Two compressions of the same content differ (padding), so the tag can promise only the same meaning.
        if let tag = header("ETag"), !tag.hasPrefix("W/") { set("ETag", "W/\(tag)") }
        guard let compressed = await ContentCoding.compress(body) else { return }
        body = compressed
        add("Content-Encoding", "gzip")
    }
}

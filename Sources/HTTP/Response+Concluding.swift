/// What is done to every answer once the handler has given it: the asker's cached copy is honoured, the content cut to the part
/// asked for or compressed.
extension Response {
    /// Small answers to unconditional requests, the hot path, come through without a look at their fields.
    func needsConcluding(for request: Request) -> Bool {
        body.count >= ContentCoding.floor || isStream || request.head.isConditionalOrPartial
    }

    mutating func conclude(for request: Request) async {
        let compresses = choosesCompression(for: request)
        if isKnown(to: request) {
            becomeNotModified()
            return
        }
        cutToRange(of: request)
        if compresses, await compress() { add("Content-Encoding", "gzip") }
    }

    /// Decided before validators are compared, for they name what would be sent.
    private mutating func choosesCompression(for request: Request) -> Bool {
        guard isWorthCompressing else { return false }
        varyByEncoding()
        guard let accepted = request.header("accept-encoding"), AcceptEncoding.prefersGzip(accepted) else {
            return false
        }
        // Two compressions of the same content differ (padding), so the tag can promise only the same meaning.
        if let tag = header("ETag"), !tag.hasPrefix("W/") { set("ETag", "W/\(tag)") }
        return true
    }
}

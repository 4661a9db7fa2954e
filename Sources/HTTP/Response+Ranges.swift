extension Response {
    /// Cuts the content to the part the request asks for. A part is only of use to who has the rest: `If-Range` must name this very
    /// content, by a strong tag or the exact date (§13.1.5).
    mutating func cutToRange(of request: Request) {
        guard offersRanges, status == .ok, request.method == .get, let count = contentLength,
            let field = request.header("range")
        else { return }
        if let condition = request.header("if-range") {
            let isSame =
                condition.hasPrefix("\"") ? condition == header("ETag") : condition == header("Last-Modified")
            guard isSame else { return }
        }
        switch ByteRange(field, of: count) {
        case .whole: return
        case .unsatisfiable:
            status = .rangeNotSatisfiable
            body = []
            source = nil
            remove("Content-Type")
            add("Content-Range", "bytes */\(count)")
        case .part(let range):
            status = .partialContent
            add("Content-Range", "bytes \(range.lowerBound)-\(range.upperBound - 1)/\(count)")
            if case .file(let file, let whole) = source {
                source = .file(file, whole.lowerBound + range.lowerBound..<whole.lowerBound + range.upperBound)
            } else {
                body = Array(body[range])
            }
        }
    }
}

/// The plain fields of `multipart/form-data` content that is in memory already, for senders who use it where a form would do.
package enum MultipartForm {
    /// In order; files are left out, and what comes after a part that can't be read.
    /// - Parameter contentType: the field's value.
    /// - Returns: nil when it names another kind of content, or no legal boundary.
    package static func fields(of body: [UInt8], contentType: String, limit: Int) -> [(name: String, value: [UInt8])]? {
        guard var parser = MultipartParser(contentType: contentType) else { return nil }
        var fields: [(name: String, value: [UInt8])] = []
        var name: String?
        var value: [UInt8] = []
        guard let events = try? parser.feed(body) else { return fields }
        for event in events {
            switch event {
            case .part(let part, let fileName, _):
                name = fileName == nil ? part : nil
                value = []
            case .data(let bytes):
                if name != nil { value += bytes }
            case .endOfPart:
                if let name, fields.count < limit { fields.append((name, value)) }
                name = nil
            }
        }
        return fields
    }
}

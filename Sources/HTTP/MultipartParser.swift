/// Cuts `multipart/form-data` content (RFC 7578, RFC 2046 §5.1) into parts as it comes. Pure; takes pieces of any size and keeps at
/// most one delimiter or the head of one part.
struct MultipartParser {
    enum Event: Equatable {
        /// - Parameter fileName: nil for a plain field.
        case part(name: String, fileName: String?, type: String)
        case data([UInt8])
        case endOfPart
    }

    private enum State { case preamble, afterDelimiter, head, data, epilogue }

    /// In bytes: what the fields before one part's content may take.
    private static let mostHead = 8 * 1024

    private let delimiter: [UInt8]
    private var state = State.preamble
    /// Begins with the line end that the first delimiter may lack.
    private var buffer: [UInt8] = [.carriageReturn, .lineFeed]

    /// - Parameter contentType: the field's value. Nil when it isn't multipart/form-data with a legal boundary.
    init?(contentType: String) {
        let parts = HeaderParameters(contentType)
        guard parts.value == "multipart/form-data", let boundary = parts["boundary"],
            (1...70).contains(boundary.utf8.count),
            boundary.utf8.allSatisfy({ $0 >= 0x20 && $0 < 0x7F }), boundary.last != " "
        else { return nil }
        delimiter = Array("\r\n--\(boundary)".utf8)
    }

    /// Whether the closing delimiter has been seen.
    var isFinished: Bool { state == .epilogue }

    /// - Throws: `HTTPError` 400 for content that can't be read.
    mutating func feed(_ piece: [UInt8]) throws -> [Event] {
        buffer += piece
        var events: [Event] = []
        while try step(&events) {}
        return events
    }

    /// False: more bytes are needed.
    private mutating func step(_ events: inout [Event]) throws -> Bool {
        switch state {
        case .preamble, .data:
            let found = buffer.firstRange(of: delimiter)
            // What may be the start of a delimiter stays.
            let end = found?.lowerBound ?? max(0, buffer.count - delimiter.count + 1)
            if state == .data, end > 0 { events.append(.data(Array(buffer[..<end]))) }
            buffer.removeFirst(found?.upperBound ?? end)
            guard found != nil else { return false }
            if state == .data { events.append(.endOfPart) }
            state = .afterDelimiter
        case .afterDelimiter:
            guard buffer.count >= 2 else { return false }
            if buffer.starts(with: "--".utf8) {
                state = .epilogue
            } else {
                guard let end = buffer.firstRange(of: [.carriageReturn, .lineFeed]) else {
                    guard buffer.count < 80 else { throw Self.malformed }
                    return false
                }
                guard buffer[..<end.lowerBound].allSatisfy({ $0 == .space || $0 == .tab }) else { throw Self.malformed }
                // The line end stays: a part without fields has its empty line at once.
                buffer.removeFirst(end.lowerBound)
                state = .head
            }
        case .head:
            guard let end = buffer.firstRange(of: [.carriageReturn, .lineFeed, .carriageReturn, .lineFeed]) else {
                guard buffer.count <= Self.mostHead else { throw Self.malformed }
                return false
            }
            guard end.lowerBound <= Self.mostHead else { throw Self.malformed }
            events.append(try Self.part(buffer[..<end.lowerBound]))
            buffer.removeFirst(end.upperBound)
            state = .data
        case .epilogue:
            buffer = []
            return false
        }
        return true
    }

    private static func part(_ head: ArraySlice<UInt8>) throws -> Event {
        var disposition: HeaderParameters?
        var type = "text/plain"
        for line in head.split(separator: [.carriageReturn, .lineFeed]) where !line.isEmpty {
            guard line.allSatisfy(isFieldByte), let colon = line.firstIndex(of: UInt8(ascii: ":")),
                let value = String(validating: line[(colon + 1)...], as: UTF8.self)
            else { throw malformed }
            switch String(decoding: line[..<colon].map(asciiLowercased), as: UTF8.self) {
            case "content-disposition": disposition = HeaderParameters(value)
            case "content-type": type = HeaderParameters(value).value
            default: continue
            }
        }
        guard let disposition, disposition.value == "form-data", let name = disposition["name"] else { throw malformed }
        return .part(name: name, fileName: disposition["filename"], type: type)
    }

    private static var malformed: HTTPError {
        HTTPError(.badRequest, detail: "The content is not multipart/form-data as RFC 7578 has it.")
    }
}

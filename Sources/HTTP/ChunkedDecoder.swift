/// Decodes `chunked` content (RFC 9112 §7.1). Pure; takes input in pieces of any size, one byte at a time included.
///
/// Chunk extensions and trailer fields are read by their grammar, counted, and dropped: nobody needs them here, and both have carried
/// smuggled requests. White space around them, which the RFC calls bad, is refused.
struct ChunkedDecoder {
    private enum Step {
        case size(digits: Int)
        case sizeLineFeed
        case extensionName(isEmpty: Bool)
        case extensionValue
        case extensionToken
        case extensionQuoted
        case extensionEscaped
        case extensionQuotedEnd
        case data
        case dataCarriageReturn
        case dataLineFeed
        /// At the start of a line after the last chunk: a trailer field, or the end.
        case trailerStart
        case trailerName
        case trailerValue
        case trailerLineFeed
        case endLineFeed
        case finished
    }

    enum Outcome: Equatable {
        case incomplete
        /// How many bytes of the last piece belonged to this content.
        case finished(consumed: Int)
        case malformed
        case tooLarge
        case trailersTooLarge
    }

    private var step = Step.size(digits: 0)
    private var remaining = 0
    private var extensionBytes = 0
    private var trailerBytes = 0
    private var trailerFields = 0
    private let limit: Int
    private let limits: Limits
    private(set) var content: [UInt8] = []

    /// - Parameter limit: of the content, in bytes; what surrounds it has the bounds in `limits`.
    init(limit: Int, limits: Limits) {
        self.limit = limit
        self.limits = limits
    }

    mutating func feed(_ piece: UnsafeRawBufferPointer) -> Outcome {
        var index = 0
        while index < piece.count {
            if case .data = step {
                let count = min(remaining, piece.count - index)
                content.append(contentsOf: piece[index..<index + count])
                remaining -= count
                index += count
                if remaining == 0 { step = .dataCarriageReturn }
                continue
            }
            if let outcome = take(piece[index], at: index) { return outcome }
            index += 1
        }
        return .incomplete
    }

    /// One byte that is not content. Nil: go on.
    private mutating func take(_ byte: UInt8, at index: Int) -> Outcome? {
        switch step {
        case .size(let digits):
            if let digit = hexDigit(byte) {
                guard digits < 8 else { return .malformed }
                remaining = remaining << 4 | Int(digit)
                step = .size(digits: digits + 1)
                return nil
            }
            guard digits > 0 else { return .malformed }
            return endOfExtension(byte)
        case .sizeLineFeed:
            guard byte == .lineFeed else { return .malformed }
            guard remaining <= limit - content.count else { return .tooLarge }
            step = remaining == 0 ? .trailerStart : .data
            return nil
        case .extensionName, .extensionValue, .extensionToken, .extensionQuoted, .extensionEscaped, .extensionQuotedEnd:
            return takeExtension(byte)
        case .data: return nil
        case .dataCarriageReturn: return expect(.carriageReturn, byte, then: .dataLineFeed)
        case .dataLineFeed: return expect(.lineFeed, byte, then: .size(digits: 0))
        case .trailerStart, .trailerName, .trailerValue, .trailerLineFeed: return takeTrailer(byte)
        case .endLineFeed:
            guard byte == .lineFeed else { return .malformed }
            step = .finished
            return .finished(consumed: index + 1)
        case .finished: return .finished(consumed: index)
        }
    }

    private mutating func expect(_ expected: UInt8, _ byte: UInt8, then next: Step) -> Outcome? {
        guard byte == expected else { return .malformed }
        step = next
        return nil
    }

    /// What may follow a size, a name or a value: the end of the line or the next extension.
    private mutating func endOfExtension(_ byte: UInt8) -> Outcome? {
        switch byte {
        case .carriageReturn: step = .sizeLineFeed
        case UInt8(ascii: ";"):
            step = .extensionName(isEmpty: true)
            return countExtensionByte()
        default: return .malformed
        }
        return nil
    }

    private mutating func takeExtension(_ byte: UInt8) -> Outcome? {
        if let refusal = countExtensionByte() { return refusal }
        switch step {
        case .extensionName(let isEmpty):
            if isTokenByte(byte) {
                step = .extensionName(isEmpty: false)
            } else {
                guard !isEmpty else { return .malformed }
                guard byte == UInt8(ascii: "=") else { return endOfExtension(byte) }
                step = .extensionValue
            }
        case .extensionValue:
            if byte == UInt8(ascii: "\"") {
                step = .extensionQuoted
            } else {
                guard isTokenByte(byte) else { return .malformed }
                step = .extensionToken
            }
        case .extensionToken: if !isTokenByte(byte) { return endOfExtension(byte) }
        case .extensionQuoted:
            switch byte {
            case UInt8(ascii: "\""): step = .extensionQuotedEnd
            case UInt8(ascii: "\\"): step = .extensionEscaped
            default: if !isFieldByte(byte) { return .malformed }
            }
        case .extensionEscaped:
            guard isFieldByte(byte) else { return .malformed }
            step = .extensionQuoted
        default: return endOfExtension(byte)
        }
        return nil
    }

    /// Over all chunks, so that a byte of content can't bring a line of extensions each time.
    private mutating func countExtensionByte() -> Outcome? {
        extensionBytes += 1
        return extensionBytes > limits.chunkExtensions ? .malformed : nil
    }

    private mutating func takeTrailer(_ byte: UInt8) -> Outcome? {
        if case .trailerStart = step, byte == .carriageReturn {
            step = .endLineFeed
            return nil
        }
        trailerBytes += 1
        guard trailerBytes <= limits.trailers else { return .trailersTooLarge }
        switch step {
        case .trailerStart:
            guard isTokenByte(byte) else { return .malformed }
            trailerFields += 1
            guard trailerFields <= limits.headerFields else { return .trailersTooLarge }
            step = .trailerName
        case .trailerName:
            if byte == UInt8(ascii: ":") {
                step = .trailerValue
            } else if !isTokenByte(byte) {
                return .malformed
            }
        case .trailerValue:
            if byte == .carriageReturn {
                step = .trailerLineFeed
            } else if !isFieldByte(byte) {
                return .malformed
            }
        default: return expect(.lineFeed, byte, then: .trailerStart)
        }
        return nil
    }
}

extension ChunkedDecoder {
    /// Takes out what has been decoded so far, for a reader that doesn't keep the whole. The limit counts what is inside.
    mutating func takeContent() -> [UInt8] {
        defer { content = [] }
        return content
    }
}

/// Decodes `chunked` content (RFC 9112 §7.1). Pure; takes input in pieces of any size, one byte at a time included.
///
/// Chunk extensions and trailers are refused rather than skipped: nobody needs them here, and both have carried smuggled requests.
struct ChunkedDecoder {
    private enum Step {
        case size(digits: Int)
        case sizeLineFeed
        case data
        case dataCarriageReturn
        case dataLineFeed
        case endCarriageReturn
        case endLineFeed
        case finished
    }

    enum Outcome: Equatable {
        case incomplete
        /// How many bytes of the last piece belonged to this content.
        case finished(consumed: Int)
        case malformed
        case tooLarge
    }

    private var step = Step.size(digits: 0)
    private var remaining = 0
    private let limit: Int
    private(set) var content: [UInt8] = []

    init(limit: Int) {
        self.limit = limit
    }

    mutating func feed(_ piece: UnsafeRawBufferPointer) -> Outcome {
        var index = 0
        while index < piece.count {
            let byte = piece[index]
            switch step {
            case .size(let digits):
                if let digit = hexDigit(byte) {
                    guard digits < 8 else { return .malformed }
                    remaining = remaining << 4 | Int(digit)
                    step = .size(digits: digits + 1)
                } else {
                    guard byte == .carriageReturn, digits > 0 else { return .malformed }
                    step = .sizeLineFeed
                }
                index += 1
            case .sizeLineFeed:
                guard byte == .lineFeed else { return .malformed }
                guard remaining <= limit - content.count else { return .tooLarge }
                step = remaining == 0 ? .endCarriageReturn : .data
                index += 1
            case .data:
                let count = min(remaining, piece.count - index)
                content.append(contentsOf: piece[index..<index + count])
                remaining -= count
                index += count
                if remaining == 0 { step = .dataCarriageReturn }
            case .dataCarriageReturn:
                guard byte == .carriageReturn else { return .malformed }
                step = .dataLineFeed
                index += 1
            case .dataLineFeed:
                guard byte == .lineFeed else { return .malformed }
                step = .size(digits: 0)
                index += 1
            case .endCarriageReturn:
                guard byte == .carriageReturn else { return .malformed }
                step = .endLineFeed
                index += 1
            case .endLineFeed:
                guard byte == .lineFeed else { return .malformed }
                step = .finished
                return .finished(consumed: index + 1)
            case .finished:
                return .finished(consumed: index)
            }
        }
        return .incomplete
    }
}

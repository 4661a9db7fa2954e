@testable import HTTP

/// What a parser said of some bytes, in a form that can be compared.
enum Parsed: Equatable {
    case incomplete
    case head(ParsedHead, length: Int)
    case refused(Int)

    init(_ outcome: RequestParser.Outcome) {
        switch outcome {
        case .incomplete: self = .incomplete
        case .head(let head, let length): self = .head(ParsedHead(head), length: length)
        case .refused(let status, _): self = .refused(status.code)
        }
    }

    /// Parsed from one piece.
    static func whole(_ bytes: [UInt8], limits: Limits = Limits(), in memory: GuardedMemory = GuardedMemory()) -> Parsed
    {
        var parser = RequestParser(limits: limits)
        return memory.with(bytes) { Parsed(parser.parse($0)) }
    }

    /// Parsed as it comes, `step` bytes more at a time.
    static func piecewise(
        _ bytes: [UInt8], step: Int = 1, limits: Limits = Limits(), in memory: GuardedMemory = GuardedMemory()
    ) -> Parsed {
        var parser = RequestParser(limits: limits)
        var count = 0
        while count < bytes.count {
            count = min(count + step, bytes.count)
            let parsed = memory.with(bytes[..<count]) { Parsed(parser.parse($0)) }
            if parsed != .incomplete { return parsed }
        }
        return .incomplete
    }
}

struct ParsedHead: Equatable {
    var method = Method.get
    var path = "/"
    var query = ""
    var authority: String?
    var fields = ["Host: a"]
    var framing = BodyFraming.none
    var keepsAlive = true
    var expectsContinue = false
}

extension ParsedHead {
    init(_ head: RequestHead) {
        func text(_ bytes: ArraySlice<UInt8>) -> String { String(decoding: bytes, as: UTF8.self) }
        method = head.method
        path = text(head.bytes[head.pathRange])
        query = text(head.bytes[head.queryRange])
        authority = head.authorityRange.map { text(head.bytes[$0]) }
        fields = head.fields.map { "\(text(head.name(of: $0))): \(text(head.value(of: $0)))" }
        framing = head.framing
        keepsAlive = head.keepsAlive
        expectsContinue = head.expectsContinue
    }
}

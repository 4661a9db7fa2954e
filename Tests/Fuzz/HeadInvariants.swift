@testable import HTTP

/// A head means the same in whatever pieces it comes, and one that is taken passes a second, plain reading of the rules.
enum HeadInvariants {
    enum Verdict: Equatable {
        case incomplete
        case refused(Int)
        case head(
            length: Int, framing: BodyFraming, keepsAlive: Bool, expectsContinue: Bool, method: Method, bytes: [UInt8])

        init(_ outcome: RequestParser.Outcome) {
            switch outcome {
            case .incomplete: self = .incomplete
            case .refused(let status, _): self = .refused(status.code)
            case .head(let head, let length):
                self = .head(
                    length: length, framing: head.framing, keepsAlive: head.keepsAlive,
                    expectsContinue: head.expectsContinue, method: head.method, bytes: head.bytes)
            }
        }
    }

    static func check(_ input: [UInt8], _ cuts: Cuts) {
        var parser = RequestParser(limits: fuzzLimits)
        let outcome = withExactMemory(input[...]) { parser.parse($0) }
        let whole = Verdict(outcome)
        let pieces = inPieces(input, cuts)
        require(whole == pieces, "\(whole) whole, \(pieces) in pieces")
        if case .head(let head, let length) = outcome { checkTaken(head, length, input) }
    }

    private static func inPieces(_ input: [UInt8], _ cuts: Cuts) -> Verdict {
        var parser = RequestParser(limits: fuzzLimits)
        for end in cuts.ends(input.count) {
            let verdict = Verdict(withExactMemory(input[..<end]) { parser.parse($0) })
            if verdict != .incomplete { return verdict }
        }
        return .incomplete
    }

    /// The rules again, written for clearness alone: lines are split at CR LF and compared as text.
    static func checkTaken(_ head: RequestHead, _ length: Int, _ input: [UInt8]) {
        require(length <= input.count && head.bytes.count <= length, "it took more than there is")
        let taken = Array(input[(length - head.bytes.count)..<length])
        require(taken == head.bytes, "the head is not what was sent")
        require(taken.count <= fuzzLimits.head, "the limit was passed")
        for (index, byte) in taken.enumerated() {
            let isPair =
                byte == 13
                ? index + 1 < taken.count && taken[index + 1] == 10 : byte == 10 && index > 0 && taken[index - 1] == 13
            require(isPair || byte == 9 || (byte >= 32 && byte != 127), "a control byte passed")
        }
        var lines = split(taken)
        require(lines.count >= 3 && lines.removeLast().isEmpty && lines.removeLast().isEmpty, "the head has no end")
        let requestLine = lines.removeFirst()
        require(requestLine.count <= fuzzLimits.requestLine, "the request line is too long")
        require(
            requestLine.split(separator: 32, omittingEmptySubsequences: false).count == 3, "the line has not 3 parts")
        require(lines.count == head.fields.count && lines.count <= fuzzLimits.headerFields, "fields were lost")
        var values: [String: [String]] = [:]
        for line in lines {
            guard let colon = line.firstIndex(of: 58), colon > 0 else { broken("a line has no name") }
            require(line[..<colon].allSatisfy { $0 > 32 && $0 < 127 }, "a name holds white space")
            let name = String(decoding: line[..<colon], as: UTF8.self).lowercased()
            let value = line[(colon + 1)...].drop { $0 == 32 || $0 == 9 }
            let end = value.lastIndex { $0 != 32 && $0 != 9 }.map { $0 + 1 } ?? value.startIndex
            values[name, default: []].append(String(decoding: value[..<end], as: UTF8.self))
        }
        checkFraming(head, values)
        let hosts = values["host"]?.count ?? 0
        require(hosts <= 1 && (hosts == 1 || head.isVersion10), "there are \(hosts) hosts")
        _ = FormFields(decoding: head.bytes[head.queryRange])
    }

    private static func checkFraming(_ head: RequestHead, _ values: [String: [String]]) {
        let lengths = values["content-length"] ?? []
        let codings = values["transfer-encoding"] ?? []
        switch head.framing {
        case .none: require(codings.isEmpty && lengths.allSatisfy { Int($0) == 0 }, "content was overlooked")
        case .length(let length):
            require(
                codings.isEmpty && lengths.count == 1 && Int(lengths[0]) == length, "the length is not the one sent")
        case .chunked:
            require(lengths.isEmpty && codings.map { $0.lowercased() } == ["chunked"], "the coding is not chunked")
            require(!head.isVersion10, "HTTP/1.0 has no codings")
        }
    }

    private static func split(_ bytes: [UInt8]) -> [[UInt8]] {
        var lines: [[UInt8]] = [[]]
        for byte in bytes {
            if byte == 10 {
                lines[lines.count - 1].removeLast()
                lines.append([])
            } else {
                lines[lines.count - 1].append(byte)
            }
        }
        return lines
    }
}

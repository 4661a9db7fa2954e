@testable import HTTP

/// Chunked content means the same in whatever pieces it comes, keeps its limits, and is what a second, plain reading finds.
enum ChunkedInvariants {
    struct Verdict: Equatable {
        var outcome: ChunkedDecoder.Outcome
        var content: [UInt8]
    }

    static func check(_ input: [UInt8], _ cuts: Cuts) {
        let whole = decode(input, Cuts(seed: 0))
        let pieces = decode(input, cuts)
        require(whole == pieces, "\(whole) whole, \(pieces) in pieces")
        require(whole.content.count <= fuzzLimits.body, "the limit was passed")
        guard case .finished(let consumed) = whole.outcome else { return }
        require(consumed <= input.count, "it took more than there is")
        require(consumed == end(input, content: whole.content), "the content ends elsewhere")
        let size = String(whole.content.count, radix: 16)
        let again = Array("\(size)\r\n".utf8) + whole.content + (whole.content.isEmpty ? [] : Array("\r\n0\r\n".utf8))
        let repeated = decode(again + Array("\r\n".utf8), cuts)
        require(repeated.content == whole.content, "written again it is another")
        require(repeated.outcome == .finished(consumed: again.count + 2), "written again it does not end")
    }

    private static func decode(_ input: [UInt8], _ cuts: Cuts) -> Verdict {
        var decoder = ChunkedDecoder(limit: fuzzLimits.body, limits: fuzzLimits)
        var start = 0
        for end in cuts.ends(input.count) {
            switch withExactMemory(input[start..<end], { decoder.feed($0) }) {
            case .incomplete: start = end
            case .finished(let consumed):
                return Verdict(outcome: .finished(consumed: start + consumed), content: decoder.content)
            // How much of refused content was kept depends on the pieces, and nobody sees it.
            case let refusal: return Verdict(outcome: refusal, content: [])
            }
        }
        return Verdict(outcome: .incomplete, content: decoder.content)
    }

    /// Where well-formed input with this content ends, found line by line; -1: it does not have this content.
    private static func end(_ input: [UInt8], content: [UInt8]) -> Int {
        var at = 0
        var found: [UInt8] = []
        func line() -> ArraySlice<UInt8> {
            guard let end = input[at...].firstIndex(of: 10), end > at, input[end - 1] == 13 else { return [] }
            defer { at = end + 1 }
            return input[at..<(end - 1)]
        }
        while true {
            let digits = line().prefix { $0 != 59 }
            guard let size = Int(String(decoding: digits, as: UTF8.self), radix: 16), size >= 0,
                size <= input.count - at
            else { return -1 }
            if size == 0 { break }
            found += input[at..<(at + size)]
            at += size
            guard input[at...].starts(with: [13, 10]) else { return -1 }
            at += 2
        }
        while !line().isEmpty {}
        return found == content ? at : -1
    }
}

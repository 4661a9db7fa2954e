import Testing

@testable import HTTP

/// Noise never traps, never reads past its end, and means the same in whatever pieces it arrives.
struct RequestParserFuzzTests {
    private static let alphabet = Array("GET / HTTP/1.1\r\n\r\nHost: a:,\t\u{0}\u{7F}*?0chunked".utf8) + [0x80, 0xFF]

    private func limits() -> Limits {
        var limits = Limits()
        limits.requestLine = 48
        limits.head = 160
        limits.headerFields = 6
        return limits
    }

    private func expectSame(_ bytes: [UInt8], step: Int, in memory: GuardedMemory, _ seed: String) {
        let whole = Parsed.whole(bytes, limits: limits(), in: memory)
        let pieces = Parsed.piecewise(bytes, step: step, limits: limits(), in: memory)
        if whole != pieces { Issue.record("\(seed): \(bytes) is \(whole) whole and \(pieces) in pieces of \(step)") }
        if case .head(_, let length) = whole, length > bytes.count { Issue.record("\(seed): took more than there is") }
    }

    @Test(arguments: 0..<4)
    func `random bytes`(seed: Int) {
        var generator = SeededGenerator(seed: UInt64(seed))
        let memory = GuardedMemory()
        for round in 0..<3000 {
            let count = Int.random(in: 0...200, using: &generator)
            let isWild = round % 4 == 0
            let bytes = (0..<count).map { _ in
                isWild
                    ? UInt8.random(in: 0...255, using: &generator)
                    : Self.alphabet[Int.random(in: 0..<Self.alphabet.count, using: &generator)]
            }
            expectSame(
                bytes, step: Int.random(in: 1...5, using: &generator), in: memory, "seed \(seed), round \(round)")
        }
    }

    @Test(arguments: 0..<4)
    func `good and bad heads with bytes changed, cut, doubled and moved`(seed: Int) {
        var generator = SeededGenerator(seed: UInt64(seed) &+ 1000)
        let memory = GuardedMemory()
        let bad = RequestParserTests.refused.map { Array($0.text.utf8) }
        let corpus = (RequestParserTests.good.map(\.bytes) + bad).filter { $0.count < 200 }
        for round in 0..<3000 {
            var bytes = corpus[Int.random(in: 0..<corpus.count, using: &generator)]
            for _ in 0..<Int.random(in: 1...4, using: &generator) where !bytes.isEmpty {
                let index = Int.random(in: 0..<bytes.count, using: &generator)
                let end = Int.random(in: index...min(bytes.count, index + 12), using: &generator)
                switch Int.random(in: 0..<5, using: &generator) {
                case 0: bytes[index] = UInt8.random(in: 0...255, using: &generator)
                case 1: bytes[index] = Self.alphabet[Int.random(in: 0..<Self.alphabet.count, using: &generator)]
                case 2: bytes.removeSubrange(index..<end)
                case 3: bytes.insert(contentsOf: bytes[index..<end], at: index)
                default: bytes.removeSubrange(index...)
                }
            }
            expectSame(
                bytes, step: Int.random(in: 1...5, using: &generator), in: memory, "seed \(seed), round \(round)")
        }
    }
}

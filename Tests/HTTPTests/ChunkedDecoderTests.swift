import Testing

@testable import HTTP

struct ChunkedDecoderTests {
    private struct Decoded: Equatable {
        var outcome: ChunkedDecoder.Outcome
        var content: String
    }

    /// Feeds pieces that end at `cuts`; `consumed` is counted over all of them.
    private func decode(_ text: String, cuts: [Int] = [], limit: Int = 100, limits: Limits = Limits()) -> Decoded {
        let bytes = Array(text.utf8)
        let memory = GuardedMemory()
        var decoder = ChunkedDecoder(limit: limit, limits: limits)
        var start = 0
        var outcome = ChunkedDecoder.Outcome.incomplete
        for end in cuts + [bytes.count] {
            outcome = memory.with(bytes[start..<end]) { decoder.feed($0) }
            if case .finished(let consumed) = outcome { outcome = .finished(consumed: start + consumed) }
            if outcome != .incomplete { break }
            start = end
        }
        return Decoded(outcome: outcome, content: String(decoding: decoder.content, as: UTF8.self))
    }

    static let examples: [(text: String, outcome: ChunkedDecoder.Outcome)] = [
        ("5\r\nhello\r\n0\r\n\r\n", .finished(consumed: 15)),
        ("5\r\nhello\r\n0\r\n\r\nGET / HTTP/1.1\r\n\r\n", .finished(consumed: 15)),
        ("0\r\n\r\n", .finished(consumed: 5)),
        ("1\r\na\r\n00002\r\nbc\r\n0000\r\n\r\n", .finished(consumed: 25)),
        ("a\r\n0123456789\r\nA\r\n0123456789\r\n0\r\n\r\n", .finished(consumed: 35)),
        ("3\r\n\r\n\r\r\n0\r\n\r\n", .finished(consumed: 13)),
        ("5\r\nhel", .incomplete),
        ("5\r\nhello\r\n0\r\n\r", .incomplete),
        ("", .incomplete),
        // Extensions are read by their grammar and dropped.
        ("5;a\r\nhello\r\n0\r\n\r\n", .finished(consumed: 17)),
        ("5;a=b;c=\"d;\\\"\u{e9}\"\r\nhello\r\n0;e\r\n\r\n", .finished(consumed: 32)),
        ("5;a=\"\"\r\nhello\r\n0\r\n\r\n", .finished(consumed: 20)),
        ("0;\r\n\r\n", .malformed),
        ("0;=b\r\n\r\n", .malformed),
        ("0;a=\r\n\r\n", .malformed),
        ("0;a=b c\r\n\r\n", .malformed),
        ("0;a=\"b\r\n\r\n", .malformed),
        ("0;a=\"b\"c\r\n\r\n", .malformed),
        ("0;a=\"\\\r\n\"\r\n\r\n", .malformed),
        ("0;a\n\r\n", .malformed),
        ("0;a\rb\r\n\r\n", .malformed),
        ("0;a\u{0}\r\n\r\n", .malformed),
        ("0; a\r\n\r\n", .malformed),
        ("0 ;a\r\n\r\n", .malformed),
        (";a\r\n\r\n", .malformed),
        ("5 \r\nhello\r\n0\r\n\r\n", .malformed),
        // So are trailers.
        ("0\r\nX: a\r\n\r\n", .finished(consumed: 11)),
        ("0\r\nX:\r\nY-z:\tb \u{e9}\r\n\r\nGET", .finished(consumed: 20)),
        ("0\r\nX: a\r\n", .incomplete),
        ("0\r\n X: a\r\n\r\n", .malformed),
        ("0\r\nX: a\r\n b\r\n\r\n", .malformed),
        ("0\r\nX : a\r\n\r\n", .malformed),
        ("0\r\nX\r\n\r\n", .malformed),
        ("0\r\n: a\r\n\r\n", .malformed),
        ("0\r\nX: a\n\r\n", .malformed),
        ("0\r\nX: a\rb\r\n\r\n", .malformed),
        ("0\r\nX: \u{0}\r\n\r\n", .malformed),
        ("0\r\nGET / HTTP/1.1\r\n\r\n", .malformed),
        // Sizes.
        (" 5\r\nhello\r\n0\r\n\r\n", .malformed),
        ("+5\r\nhello\r\n0\r\n\r\n", .malformed),
        ("-5\r\nhello\r\n0\r\n\r\n", .malformed),
        ("0x5\r\nhello\r\n0\r\n\r\n", .malformed),
        ("\r\nhello\r\n0\r\n\r\n", .malformed),
        ("g\r\n", .malformed),
        ("000000005\r\nhello\r\n0\r\n\r\n", .malformed),
        ("fffffffffffffffff\r\n", .malformed),
        ("ffffffff\r\n", .tooLarge),
        ("65\r\n", .tooLarge),
        ("32\r\n12345678901234567890123456789012345678901234567890\r\n33\r\n", .tooLarge),
        // Line ends.
        ("5\nhello\r\n0\r\n\r\n", .malformed),
        ("5\r\rhello\r\n0\r\n\r\n", .malformed),
        ("5\r\nhello0\r\n\r\n", .malformed),
        ("5\r\nhello\n0\r\n\r\n", .malformed),
        ("5\r\nhello\r0\r\n\r\n", .malformed),
        ("0\r\n\n", .malformed),
        ("0\r\n\r\r", .malformed),
    ]

    @Test(arguments: examples)
    func `means the same however it is cut`(text: String, outcome: ChunkedDecoder.Outcome) {
        let whole = decode(text)
        #expect(whole.outcome == outcome)
        let count = text.utf8.count
        #expect(decode(text, cuts: Array(0..<count)) == whole)
        for cut in 0...count { #expect(decode(text, cuts: [cut]) == whole, "cut at \(cut)") }
        var generator = SeededGenerator(seed: 7)
        for _ in 0..<100 {
            let cuts = (0..<Int.random(in: 0...6, using: &generator)).map { _ in
                Int.random(in: 0...count, using: &generator)
            }.sorted()
            #expect(decode(text, cuts: cuts) == whole, "cut at \(cuts)")
        }
    }

    @Test func `joins the chunks`() {
        #expect(decode("5\r\nhello\r\n7\r\n, world\r\n0\r\n\r\n").content == "hello, world")
        #expect(decode("3\r\n\r\n\r\r\n0\r\n\r\n").content == "\r\n\r")
    }

    @Test func `takes content up to its limit to the byte`() {
        #expect(decode("3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n", limit: 5).content == "abcde")
        #expect(decode("3\r\nabc\r\n3\r\ndef\r\n0\r\n\r\n", limit: 5).outcome == .tooLarge)
        #expect(decode("0\r\n\r\n", limit: 0).outcome == .finished(consumed: 5))
        #expect(decode("1\r\na\r\n0\r\n\r\n", limit: 0).outcome == .tooLarge)
    }

    @Test func `bounds extensions over all chunks, and trailers, to the byte`() {
        var limits = Limits()
        limits.chunkExtensions = 8
        limits.trailers = 12
        limits.headerFields = 2
        // The line's CR is the last byte counted with an extension.
        #expect(decode("0;234567\r\n\r\n", limits: limits).outcome == .finished(consumed: 12))
        #expect(decode("0;2345678\r\n\r\n", limits: limits).outcome == .malformed)
        #expect(decode("1;a\r\nx\r\n1;a\r\ny\r\n0\r\n\r\n", limits: limits).content == "xy")
        #expect(
            decode("1;a\r\nx\r\n1;a\r\ny\r\n1;a\r\nz\r\n0\r\n\r\n", limits: limits).outcome == .malformed)
        #expect(decode("0\r\nX: 4567890\r\n\r\n", limits: limits).outcome == .finished(consumed: 17))
        #expect(decode("0\r\nX: 45678901\r\n\r\n", limits: limits).outcome == .trailersTooLarge)
        #expect(decode("0\r\nA:\r\nB:\r\n\r\n", limits: limits).outcome == .finished(consumed: 13))
        #expect(decode("0\r\nA:\r\nB:\r\nC:\r\n\r\n", limits: limits).outcome == .trailersTooLarge)
    }

    @Test func `noise neither traps nor passes the limit`() {
        var generator = SeededGenerator(seed: 11)
        let alphabet = Array("0123aF\r\n\r\n\r\n;x=:\"".utf8)
        let memory = GuardedMemory()
        for _ in 0..<20_000 {
            var decoder = ChunkedDecoder(limit: 20, limits: Limits())
            for _ in 0..<3 {
                let bytes = (0..<Int.random(in: 0...30, using: &generator)).map { _ in
                    alphabet[Int.random(in: 0..<alphabet.count, using: &generator)]
                }
                if memory.with(bytes, { decoder.feed($0) }) != .incomplete { break }
            }
            if decoder.content.count > 20 { Issue.record("the limit was passed") }
        }
    }
}

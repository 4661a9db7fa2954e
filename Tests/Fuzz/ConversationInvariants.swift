@testable import HTTP

/// Requests one after another, as `Connection` reads them: the same requests in whatever pieces they come, and nothing after a refusal.
enum ConversationInvariants {
    enum Event: Equatable {
        case request(head: [UInt8], content: [UInt8])
        case refused(Int)
    }

    static func check(_ input: [UInt8], _ cuts: Cuts) {
        let whole = events(input, Cuts(seed: 0))
        let pieces = events(input, cuts)
        require(whole == pieces, "\(whole) whole, \(pieces) in pieces")
        var total = 0
        for event in whole {
            guard case .request(let head, let content) = event else { continue }
            total += head.count + content.count
        }
        require(total <= input.count, "the requests are longer than what was sent")
    }

    private enum State {
        case head
        case length(Int)
        case chunked(ChunkedDecoder)
    }

    private static func events(_ input: [UInt8], _ cuts: Cuts) -> [Event] {
        var events: [Event] = []
        var parser = RequestParser(limits: fuzzLimits)
        var state = State.head
        var head: [UInt8] = []
        var start = 0
        for end in cuts.ends(input.count) {
            var isHungry = false
            while !isHungry {
                switch state {
                case .head:
                    switch withExactMemory(input[start..<end], { parser.parse($0) }) {
                    case .incomplete: isHungry = true
                    case .refused(let status, _): return events + [.refused(status.code)]
                    case .head(let taken, let length):
                        HeadInvariants.checkTaken(taken, length, Array(input[start..<end]))
                        head = taken.bytes
                        start += length
                        switch taken.framing {
                        case .none: events.append(.request(head: head, content: []))
                        case .length(let length):
                            guard length <= fuzzLimits.body else { return events + [.refused(413)] }
                            state = .length(length)
                        case .chunked:
                            state = .chunked(ChunkedDecoder(limit: fuzzLimits.body, limits: fuzzLimits))
                        }
                    }
                case .length(let length):
                    guard end - start >= length else {
                        isHungry = true
                        break
                    }
                    events.append(.request(head: head, content: Array(input[start..<(start + length)])))
                    start += length
                    state = .head
                case .chunked(var decoder):
                    switch withExactMemory(input[start..<end], { decoder.feed($0) }) {
                    case .incomplete:
                        start = end
                        state = .chunked(decoder)
                        isHungry = true
                    case .finished(let consumed):
                        events.append(.request(head: head, content: decoder.content))
                        start += consumed
                        state = .head
                    case .malformed: return events + [.refused(400)]
                    case .tooLarge: return events + [.refused(413)]
                    case .trailersTooLarge: return events + [.refused(431)]
                    }
                }
            }
        }
        return events
    }
}

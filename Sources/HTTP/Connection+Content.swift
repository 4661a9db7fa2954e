import Base
import Glibc
import Reactor

/// Content that is gathered before its handler runs.
extension Connection {
    /// How much content is taken; nil, and refused, when more is announced.
    func admitBody(_ head: RequestHead) async -> Int? {
        let limit = worker.application.bodyLimit(for: head, default: worker.limits.body)
        if case .length(let length) = head.framing, length > limit {
            await refuse(.contentTooLarge, "the content may have \(limit) bytes at most")
            return nil
        }
        return limit
    }

    func readBody(_ head: RequestHead) async -> [UInt8]? {
        enter(.body, deadline: worker.loop.now + worker.limits.bodyDeadline)
        guard let limit = await admitBody(head) else { return nil }
        if head.expectsContinue, pending.isEmpty {
            guard await sendAll(Array("HTTP/1.1 100 Continue\r\n\r\n".utf8)) else { return nil }
            enter(.body, deadline: worker.loop.now + worker.limits.bodyDeadline)
        }
        switch head.framing {
        case .none: return []
        case .length(let length): return await readBody(length: length)
        case .chunked: return await readChunkedBody(limit: limit)
        }
    }

    private func readBody(length: Int) async -> [UInt8]? {
        var body = Array(pending.prefix(length))
        pending.removeFirst(body.count)
        body.reserveCapacity(length)
        while body.count < length {
            guard let piece = await receiveSome() else { return nil }
            let count = min(piece, length - body.count)
            body.append(contentsOf: worker.scratch[0..<count])
            if count < piece { pending = Array(worker.scratch[count..<piece]) }
        }
        return body
    }

    private func readChunkedBody(limit: Int) async -> [UInt8]? {
        var decoder = ChunkedDecoder(limit: limit, limits: worker.limits)
        var input = pending
        pending = []
        while true {
            switch input.withUnsafeBytes({ decoder.feed($0) }) {
            case .finished(let consumed):
                pending = Array(input[consumed...])
                return decoder.content
            case .malformed:
                await refuse(.badRequest, "a chunk of the content is malformed")
                return nil
            case .trailersTooLarge:
                await refuse(.headerFieldsTooLarge, "the trailer fields are too large")
                return nil
            case .tooLarge:
                await refuse(.contentTooLarge, "the content may have \(limit) bytes at most")
                return nil
            case .incomplete:
                guard let count = await receiveSome() else { return nil }
                input = Array(worker.scratch[0..<count])
            }
        }
    }

    /// Receives into the loop's scratch buffer; valid until the next suspension. Nil: the peer has left or the deadline has passed.
    private func receiveSome() async -> Int? {
        while true {
            switch receive() {
            case .count(0), .failed: return nil
            case .count(let count): return count
            case .wouldBlock:
                guard await readiness.readable() else {
                    if hasExpired { await refuse(.requestTimeout, "the content did not arrive in time") }
                    return nil
                }
            }
        }
    }
}

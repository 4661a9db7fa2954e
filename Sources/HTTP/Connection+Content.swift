import Base
import Glibc
import Reactor

/// Content that is gathered before its handler runs.
extension Connection {
    /// How much content is taken; nil, and refused, when more is announced.
    func admitBody(_ head: RequestHead) async -> Int? {
        let limit = worker.application.bodyLimit(for: head, default: worker.limits.body)
        if case .length(let length) = head.framing, length > limit {
            await refuse(.contentTooLarge, "the content may have \(limit) bytes at most", toHead: head.method == .head)
            return nil
        }
        return limit
    }

    func readBody(_ head: RequestHead) async -> [UInt8]? {
        enter(.body, deadline: worker.loop.now + worker.limits.bodyDeadline)
        guard let limit = await admitBody(head), await hasRoom(for: pending.count, toHead: head.method == .head) else {
            return nil
        }
        if head.expectsContinue, pending.isEmpty {
            guard await sendAll(Array("HTTP/1.1 100 Continue\r\n\r\n".utf8)) else { return nil }
            enter(.body, deadline: worker.loop.now + worker.limits.bodyDeadline)
        }
        switch head.framing {
        case .none: return []
        case .length(let length): return await readBody(head, length: length)
        case .chunked: return await readChunkedBody(head, limit: limit)
        }
    }

    private func readBody(_ head: RequestHead, length: Int) async -> [UInt8]? {
        var body = Array(pending.prefix(length))
        pending.removeFirst(body.count)
        let began = worker.loop.now
        while body.count < length {
            deadline = began + worker.limits.bodyTime(received: body.count)
            guard let piece = await receiveSome(of: head) else { return nil }
            let count = min(piece, length - body.count)
            body.append(contentsOf: worker.scratch[0..<count])
            if count < piece { pending = Array(worker.scratch[count..<piece]) }
            guard await hasRoom(for: body.count + pending.count, toHead: head.method == .head) else { return nil }
        }
        return body
    }

    private func readChunkedBody(_ head: RequestHead, limit: Int) async -> [UInt8]? {
        var decoder = ChunkedDecoder(limit: limit, limits: worker.limits)
        var input = pending
        pending = []
        let began = worker.loop.now
        var received = 0
        while true {
            deadline = began + worker.limits.bodyTime(received: received)
            switch input.withUnsafeBytes({ decoder.feed($0) }) {
            case .finished(let consumed):
                pending = Array(input[consumed...])
                return decoder.content
            case .malformed:
                await refuse(.badRequest, "a chunk of the content is malformed", toHead: head.method == .head)
                return nil
            case .trailersTooLarge:
                await refuse(.headerFieldsTooLarge, "the trailer fields are too large", toHead: head.method == .head)
                return nil
            case .tooLarge:
                await refuse(
                    .contentTooLarge, "the content may have \(limit) bytes at most", toHead: head.method == .head)
                return nil
            case .incomplete:
                guard let count = await receiveSome(of: head) else { return nil }
                received += count
                input = Array(worker.scratch[0..<count])
                guard await hasRoom(for: decoder.content.count + count, toHead: head.method == .head) else {
                    return nil
                }
            }
        }
    }

    /// Receives into the loop's scratch buffer; valid until the next suspension. Nil: the peer has left or the deadline has passed.
    private func receiveSome(of head: RequestHead) async -> Int? {
        while true {
            switch receive() {
            case .count(0), .failed: return nil
            case .count(let count): return count
            case .wouldBlock:
                guard await readiness.readable() else {
                    if hasExpired {
                        await refuse(
                            .requestTimeout, "the content did not arrive in time", toHead: head.method == .head)
                    }
                    return nil
                }
            }
        }
    }
}

import Base
import CLinux
import Glibc
import Reactor

/// One client connection: reads requests in order, answers each before the next (RFC 9112 §9.3), until either side is done.
///
/// One task runs `serve()` on the connection's loop. An idle connection holds no buffer: bytes are received into the loop's scratch
/// buffer and parsed there; only what is unfinished is copied. Touched only on its loop's thread.
final class Connection: @unchecked Sendable {
    enum Phase { case idle, head, body, handling, writing, lingering }

    private let transport: Transport
    private let peer: SocketAddress?
    private let worker: ServerWorker
    private let readiness: Readiness
    private var parser: RequestParser
    /// Received and not yet consumed.
    private var pending: [UInt8] = []
    private var phase = Phase.idle
    private var deadline: MonotonicTime
    private var hasExpired = false
    private var isDraining = false
    /// The last read took everything that was there.
    private var isDrained = false

    init(_ transport: consuming Transport, peer: SocketAddress?, worker: ServerWorker) throws(SystemError) {
        readiness = try Readiness(fd: transport.fd, loop: worker.loop)
        self.transport = transport
        self.peer = peer
        self.worker = worker
        parser = RequestParser(limits: worker.limits)
        deadline = worker.loop.now + worker.limits.headDeadline
    }

    // MARK: Called by the worker

    /// Ends the connection when its phase has lasted too long.
    func expire(now: MonotonicTime) {
        guard deadline < now, !hasExpired else { return }
        hasExpired = true
        readiness.cancel()
    }

    /// No further request is taken: an idle connection ends now, a busy one after its answer.
    func drain() {
        isDraining = true
        if phase == .idle, pending.isEmpty { readiness.cancel() }
    }

    func abort() { readiness.cancel() }

    // MARK: The conversation

    func serve() async {
        var exchanges = 0
        while await exchange() {
            // A client that always has the next request ready must not keep the loop to itself.
            exchanges &+= 1
            if exchanges % 32 == 0 { await Task.yield() }
        }
        readiness.cancel()
        worker.finished(self)
    }

    /// One request and its answer. False: the connection is to be closed.
    private func exchange() async -> Bool {
        guard let head = await readHead() else { return false }
        let startedAt = MonotonicTime.now()
        var body: [UInt8] = []
        if head.framing != .none {
            guard let content = await readBody(head) else { return false }
            body = content
        }
        enter(.handling, deadline: .distantFuture)
        let request = Request(head: head, body: body, peer: peer, loop: worker.loop, startedAt: startedAt)
        let response = await worker.application.respond(to: request)
        if response.isDropped { return false }
        let keepsAlive = head.keepsAlive && !response.closes && !isDraining
        guard await send(response, to: head, keepsAlive: keepsAlive) else { return false }
        if !keepsAlive { await linger() }
        return keepsAlive
    }

    private func enter(_ phase: Phase, deadline: MonotonicTime) {
        self.phase = phase
        self.deadline = deadline
    }

    /// Receives into the loop's scratch buffer. After a read that did not fill it the socket is empty, and with edge triggering the
    /// next byte brings an event: asking again would be a system call per request for an `EAGAIN` that is known.
    private func receive() -> Socket.Transfer {
        if isDrained {
            isDrained = false
            return .wouldBlock
        }
        let transfer = transport.receive(into: worker.scratch)
        if case .count(let count) = transfer {
            // An end that came with the data has had its event already.
            isDrained = transport.shortReadsDrain && count > 0 && count < worker.scratch.count && !readiness.peerIsGone
        }
        return transfer
    }

    private func readHead() async -> RequestHead? {
        enter(.idle, deadline: worker.loop.now + worker.limits.idleDeadline)
        if isDraining && pending.isEmpty { return nil }
        var input = pending
        pending = []
        var needsBytes = input.isEmpty
        while true {
            if !needsBytes {
                switch input.withUnsafeBytes({ parser.parse($0) }) {
                case .head(let head, let length):
                    pending = Array(input[length...])
                    return head
                case .refused(let status, let reason):
                    await refuse(status, reason)
                    return nil
                case .incomplete:
                    if phase == .idle { enter(.head, deadline: worker.loop.now + worker.limits.headDeadline) }
                }
            }
            needsBytes = false
            switch receive() {
            case .count(0), .failed: return nil
            case .count(let count):
                let received = UnsafeRawBufferPointer(rebasing: worker.scratch[0..<count])
                if input.isEmpty {
                    // The usual case: a whole head in one piece, parsed where it was received.
                    switch parser.parse(received) {
                    case .head(let head, let length):
                        if length < count { pending = Array(received[length...]) }
                        return head
                    case .refused(let status, let reason):
                        await refuse(status, reason)
                        return nil
                    case .incomplete:
                        enter(.head, deadline: worker.loop.now + worker.limits.headDeadline)
                        input = Array(received)
                        needsBytes = true
                    }
                } else {
                    input.append(contentsOf: received)
                }
            case .wouldBlock:
                needsBytes = true
                guard await readiness.readable() else {
                    if hasExpired, phase == .head {
                        await refuse(.requestTimeout, "the request did not arrive in time")
                    }
                    return nil
                }
            }
        }
    }

    private func readBody(_ head: RequestHead) async -> [UInt8]? {
        enter(.body, deadline: worker.loop.now + worker.limits.bodyDeadline)
        let limit = worker.application.bodyLimit(for: head, default: worker.limits.body)
        if case .length(let length) = head.framing, length > limit {
            await refuse(.contentTooLarge, "the content may have \(limit) bytes at most")
            return nil
        }
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
        var decoder = ChunkedDecoder(limit: limit)
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

    // MARK: Answers

    private func send(_ response: Response, to head: RequestHead, keepsAlive: Bool) async -> Bool {
        enter(.writing, deadline: worker.loop.now + worker.limits.writeDeadline)
        let sendsBody = head.method != .head && !response.status.forbidsBody
        // One buffer, one send: with Nagle off, two writes would be two packets.
        worker.output.removeAll(keepingCapacity: true)
        ResponseHead.write(
            response, to: head.method, isVersion10: head.isVersion10, keepsAlive: keepsAlive, date: worker.date(),
            into: &worker.output)
        if sendsBody { worker.output.append(contentsOf: response.body) }
        let total = worker.output.count
        let sent = worker.output.withUnsafeBytes { transport.send($0) }
        switch sent {
        case .count(total):
            worker.trimOutput()
            return true
        case .failed: return false
        case .count(let count):
            let rest = Array(worker.output[count...])
            worker.trimOutput()
            return await sendAll(rest)
        case .wouldBlock:
            let rest = worker.output
            worker.trimOutput()
            return await sendAll(rest)
        }
    }

    private func sendAll(_ bytes: [UInt8]) async -> Bool {
        var offset = 0
        while offset < bytes.count {
            switch bytes.withUnsafeBytes({ transport.send(UnsafeRawBufferPointer(rebasing: $0[offset...])) }) {
            case .count(let count):
                offset += count
                deadline = worker.loop.now + worker.limits.writeDeadline
            case .failed: return false
            case .wouldBlock:
                guard await readiness.writable() else { return false }
            }
        }
        return true
    }

    /// Answers what can't be trusted or waited for, without a handler, and ends the conversation.
    private func refuse(_ status: Status, _ reason: String) async {
        worker.refusals += 1
        var response = HTTPError(status, detail: reason).problem(requestID: "-")
        response.set("Cache-Control", "no-store")
        var bytes: [UInt8] = []
        ResponseHead.write(
            response, to: .get, isVersion10: false, keepsAlive: false, date: worker.date(), into: &bytes)
        bytes += response.body
        if hasExpired {
            // The readiness is gone; one attempt is what a late client gets.
            _ = bytes.withUnsafeBytes { transport.send($0) }
            return
        }
        enter(.writing, deadline: worker.loop.now + worker.limits.writeDeadline)
        if await sendAll(bytes) { await linger() }
    }

    /// Lets the peer read the last answer: closing with unread input would reset the connection and may take the answer with it
    /// (RFC 9112 §9.6). Bounded in time and bytes.
    private func linger() async {
        transport.finishSending()
        enter(.lingering, deadline: worker.loop.now + .seconds(1))
        var discarded = pending.count
        while discarded < 1 << 20 {
            switch transport.receive(into: worker.scratch) {
            case .count(0), .failed: return
            case .count(let count): discarded += count
            case .wouldBlock:
                guard await readiness.readable() else { return }
            }
        }
    }
}

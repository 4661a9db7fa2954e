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
    let worker: ServerWorker
    let readiness: Readiness
    private var parser: RequestParser
    /// Received and not yet consumed.
    var pending: [UInt8] = []
    private var phase = Phase.idle
    private var deadline: MonotonicTime
    var hasExpired = false
    private var isDraining = false
    /// The last read took everything that was there.
    private var isDrained = false
    private var streaming: StreamedAnswer?

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
        abort()
    }

    /// No further request is taken: an idle connection ends now, a busy one after its answer.
    func drain() {
        isDraining = true
        if phase == .idle, pending.isEmpty { readiness.cancel() }
        if let streaming, streaming.isEndless { streaming.cancel() }
    }

    func abort() {
        readiness.cancel()
        streaming?.cancel()
    }

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
        var incoming: IncomingBody?
        if head.framing != .none, worker.application.streamsBody(of: head) {
            guard let limit = await admitBody(head) else { return false }
            incoming = IncomingBody(head, limit: limit, limits: worker.limits)
        } else if head.framing != .none {
            guard let content = await readBody(head) else { return false }
            body = content
        }
        enter(.handling, deadline: .distantFuture)
        defer { incoming?.isOver = true }
        let reader = incoming.map { BodyReader($0, from: self) }
        let request = Request(
            head: head, body: body, incoming: reader, peer: peer, loop: worker.loop, startedAt: startedAt)
        let response = await worker.application.respond(to: request)
        if response.isDropped { return false }
        // Content that nobody has read stands before the next request.
        let isRead = incoming?.isFinished ?? true
        let keepsAlive = head.keepsAlive && !response.closes && !isDraining && isRead
        if case .stream(let stream) = response.source, head.method != .head, !response.status.forbidsBody {
            return await send(stream, of: response, to: request, keepsAlive: keepsAlive)
        }
        return await conclude(response, to: head, keepsAlive: keepsAlive)
    }

    private func conclude(_ response: Response, to head: RequestHead, keepsAlive: Bool) async -> Bool {
        guard await send(response, to: head, keepsAlive: keepsAlive) else { return false }
        if !keepsAlive { await linger() }
        return keepsAlive
    }

    func enter(_ phase: Phase, deadline: MonotonicTime) {
        self.phase = phase
        self.deadline = deadline
    }

    /// Receives into the loop's scratch buffer. After a read that did not fill it the socket is empty, and with edge triggering the
    /// next byte brings an event: asking again would be a system call per request for an `EAGAIN` that is known.
    func receive() -> Socket.Transfer {
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

    /// How much content is taken; nil, and refused, when more is announced.
    private func admitBody(_ head: RequestHead) async -> Int? {
        let limit = worker.application.bodyLimit(for: head, default: worker.limits.body)
        if case .length(let length) = head.framing, length > limit {
            await refuse(.contentTooLarge, "the content may have \(limit) bytes at most")
            return nil
        }
        return limit
    }

    private func readBody(_ head: RequestHead) async -> [UInt8]? {
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

    // MARK: Answers

    private func send(_ response: Response, to head: RequestHead, keepsAlive: Bool) async -> Bool {
        enter(.writing, deadline: worker.loop.now + worker.limits.writeDeadline)
        let sendsBody = head.method != .head && !response.status.forbidsBody
        // One buffer, one send: with Nagle off, two writes would be two packets.
        worker.output.removeAll(keepingCapacity: true)
        ResponseHead.write(
            response, to: head.method, isVersion10: head.isVersion10, keepsAlive: keepsAlive, date: worker.date(),
            into: &worker.output)
        if response.hasSource {
            let head = worker.output
            guard await sendAll(head) else { return false }
            return sendsBody ? await send(source: response.source) : true
        }
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

    private func send(source: Response.Source?) async -> Bool {
        switch source {
        case .file(let file, let range): await sendFile(file, range)
        case .stream, nil: true
        }
    }

    private func sendFile(_ file: ServedFile, _ range: Range<Int>) async -> Bool {
        var offset = range.lowerBound
        while offset < range.upperBound {
            let count = min(range.upperBound - offset, 512 * 1024)
            switch transport.send(file: file.descriptor, from: offset, count: count) {
            // The file has become shorter: only the end of the connection can say so.
            case .count(0), .failed: return false
            case .count(let sent):
                offset += sent
                deadline = worker.loop.now + worker.limits.writeDeadline
                // A quick reader must not keep the loop to itself.
                await Task.yield()
            case .wouldBlock:
                guard await readiness.writable() else { return false }
            }
        }
        return true
    }

    func sendAll(_ bytes: [UInt8]) async -> Bool {
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

    // MARK: Streamed answers

    /// Runs the stream to its end. A client that closes its sending side counts as gone: from here it can't be told from one that has
    /// left, and work for nobody is worse than an answer cut for a client that half-closes, which none of HTTP's do.
    private func send(
        _ stream: StreamedBody, of response: Response, to request: Request, keepsAlive: Bool
    ) async -> Bool {
        let isVersion10 = request.head.isVersion10
        let keepsAlive = keepsAlive && !isVersion10
        var head: [UInt8] = []
        ResponseHead.write(
            response, to: request.method, isVersion10: isVersion10, keepsAlive: keepsAlive, date: worker.date(),
            into: &head)
        let answer = StreamedAnswer(stream, head: head, isChunked: !isVersion10, on: self)
        streaming = answer
        readiness.whenPeerGoes = { [weak answer] in answer?.cancel() }
        if readiness.peerIsGone || isDraining && stream.isEndless { answer.cancel() }
        let ending = await answer.run(on: worker.loop)
        readiness.whenPeerGoes = nil
        streaming = nil
        switch ending {
        case .whole:
            if !keepsAlive { await linger() }
            return keepsAlive
        case .failedBeforeHead(let error):
            if hasExpired || readiness.peerIsGone { return false }
            let problem = await worker.application.answer(to: error, request)
            return await conclude(problem, to: request.head, keepsAlive: keepsAlive && !isDraining)
        case .cut(let error):
            if !(error is CancellationError) { worker.application.reportCut(error, request) }
            // Without chunks only a reset says that the end is missing.
            if isVersion10 { Socket.resetOnClose(transport.fd) }
            return false
        }
    }

    /// Whether a cancelled endless stream was cancelled by a server that stops, not by a client that left.
    var mayEndStream: Bool { isDraining && !hasExpired && !readiness.peerIsGone }

    /// Sends a piece of a streamed answer; false when the client takes no more.
    func send(piece: [UInt8]) async -> Bool {
        enter(.writing, deadline: worker.loop.now + worker.limits.writeDeadline)
        defer { enter(.handling, deadline: .distantFuture) }
        return await sendAll(piece)
    }

    /// Sends what the client's buffers take at once, and returns the rest, which must go before anything else. Nil: the connection is
    /// broken.
    func sendWithoutWaiting(_ bytes: [UInt8]) -> [UInt8]? {
        switch bytes.withUnsafeBytes({ transport.send($0) }) {
        case .count(let count): Array(bytes.dropFirst(count))
        case .wouldBlock: bytes
        case .failed: nil
        }
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

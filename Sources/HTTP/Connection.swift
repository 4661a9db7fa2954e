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

    let transport: Transport
    let peer: SocketAddress?
    let worker: ServerWorker
    let readiness: Readiness
    private var parser: RequestParser
    /// Received and not yet consumed.
    var pending: [UInt8] = []
    private var phase = Phase.idle
    var deadline: MonotonicTime
    var hasExpired = false
    var isDraining = false
    /// Its next answer is its last.
    var isEnding: Bool { isDraining || worker.isLeaving }
    /// The last read took everything that was there.
    private var isDrained = false
    var streaming: StreamedAnswer?
    /// Bytes kept for it now; part of the worker's.
    var held = 0 {
        didSet { if held != oldValue { worker.heldBytes.add(held - oldValue) } }
    }

    init(_ transport: consuming Transport, peer: SocketAddress?, worker: ServerWorker) throws(SystemError) {
        readiness = try Readiness(fd: transport.fd, loop: worker.loop)
        self.transport = transport
        self.peer = peer
        self.worker = worker
        parser = RequestParser(limits: worker.limits)
        deadline = worker.loop.now + worker.limits.headDeadline
    }

    // MARK: Called by the worker

    /// The task that serves it.
    var serving: Task<Void, Never>?

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
        held = 0
        worker.finished(self)
    }

    /// One request and its answer. False: the connection is to be closed.
    private func exchange() async -> Bool {
        guard let head = await readHead() else { return false }
        let startedAt = MonotonicTime.now()
        if worker.isBusy, !worker.application.isBare(head) { return await shed(head) }
        var body: [UInt8] = []
        var incoming: IncomingBody?
        if head.framing != .none, worker.application.streamsBody(of: head) {
            guard let limit = await admitBody(head) else { return false }
            incoming = IncomingBody(head, limit: limit, limits: worker.limits)
        } else if head.framing != .none {
            guard let content = await readBody(head) else { return false }
            // Others may have come to work while it arrived.
            if worker.isBusy, !worker.application.isBare(head) { return await shed(head, hasContent: false) }
            body = content
        }
        held = body.count + pending.count
        enter(.handling, deadline: .distantFuture)
        defer { incoming?.isOver = true }
        let reader = incoming.map { BodyReader($0, from: self) }
        let request = Request(
            head: head, body: body, incoming: reader, peer: peer, loop: worker.loop, startedAt: startedAt)
        readiness.whenPeerGoes = { [weak self] in
            if request.isAbandonable { self?.serving?.cancel() }
        }
        worker.inWork.add(1)
        let response = await worker.application.respond(to: request)
        worker.inWork.add(-1)
        readiness.whenPeerGoes = nil
        if response.isDropped || Task.isCancelled { return false }
        // Content that nobody has read stands before the next request.
        let isRead = incoming?.isFinished ?? true
        let keepsAlive = head.keepsAlive && !response.closes && !isEnding && isRead
        if case .stream(let stream) = response.source, head.method != .head, !response.status.forbidsBody {
            return await send(stream, of: response, to: request, keepsAlive: keepsAlive)
        }
        return await conclude(response, to: head, keepsAlive: keepsAlive)
    }

    /// Answers 503 in place of the handler.
    /// - Parameter hasContent: it is still to come, and won't be read.
    private func shed(_ head: RequestHead, hasContent: Bool? = nil) async -> Bool {
        worker.reportShed()
        let request = Request(head: head, body: [], peer: peer, loop: worker.loop)
        let response = await worker.application.answer(to: HTTPError.overloaded, request)
        let isRead = !(hasContent ?? (head.framing != .none))
        return await conclude(response, to: head, keepsAlive: head.keepsAlive && !isEnding && isRead)
    }

    func conclude(_ response: Response, to head: RequestHead, keepsAlive: Bool) async -> Bool {
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
        held = pending.count
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
                    await refuse(status, reason, toHead: Self.isHead(input))
                    return nil
                case .incomplete:
                    if phase == .idle { enter(.head, deadline: worker.loop.now + worker.limits.headDeadline) }
                    guard await hasRoom(for: input.count, toHead: Self.isHead(input)) else { return nil }
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
                        await refuse(status, reason, toHead: Self.isHead(received))
                        return nil
                    case .incomplete:
                        enter(.head, deadline: worker.loop.now + worker.limits.headDeadline)
                        input = Array(received)
                        needsBytes = true
                        guard await hasRoom(for: count, toHead: Self.isHead(input)) else { return nil }
                    }
                } else {
                    input.append(contentsOf: received)
                }
            case .wouldBlock:
                needsBytes = true
                guard await readiness.readable() else {
                    if hasExpired, phase == .head {
                        await refuse(.requestTimeout, "the request did not arrive in time", toHead: Self.isHead(input))
                    }
                    return nil
                }
            }
        }
    }

    /// Whether bytes that are no request yet, or never will be, at least ask for no content.
    private static func isHead(_ bytes: some Collection<UInt8>) -> Bool { bytes.starts(with: "HEAD ".utf8) }
}

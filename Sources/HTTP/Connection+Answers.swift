import Base
import Glibc
import Reactor

/// Answers whose content is whole, and refusals.
extension Connection {
    func send(_ response: Response, to head: RequestHead, keepsAlive: Bool) async -> Bool {
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
                let others = held
                held += bytes.count - offset
                defer { held = others }
                // The answer has begun; all that is left to do is to end it.
                guard !worker.isFull, await readiness.writable() else { return false }
            }
        }
        return true
    }

    /// Answers what can't be trusted or waited for, without a handler, and ends the conversation.
    func refuse(_ status: Status, _ reason: String, toHead: Bool) async {
        await refuse(HTTPError(status, detail: reason), toHead: toHead)
    }

    /// False, and refused, when all connections together hold too much.
    /// - Parameter count: the bytes that this one holds now.
    func hasRoom(for count: Int, toHead: Bool) async -> Bool {
        held = count
        guard worker.isFull else { return true }
        worker.reportShed()
        await refuse(.overloaded, toHead: toHead)
        return false
    }

    private func refuse(_ error: HTTPError, toHead: Bool) async {
        worker.refusals.add(1)
        var response = error.problem(requestID: "-")
        SecurityHeaders.add(to: &response)
        var bytes: [UInt8] = []
        ResponseHead.write(
            response, to: toHead ? .head : .get, isVersion10: false, keepsAlive: false, date: worker.date(),
            into: &bytes)
        if !toHead { bytes += response.body }
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
    func linger() async {
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

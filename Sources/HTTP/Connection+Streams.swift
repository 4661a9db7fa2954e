import Base
import Reactor

/// Answers that are made while they are sent.
extension Connection {
    /// Runs the stream to its end. A client that closes its sending side counts as gone: from here it can't be told from one that has
    /// left, and work for nobody is worse than an answer cut for a client that half-closes, which none of HTTP's do.
    func send(
        _ stream: StreamedBody, of response: Response, to request: Request, keepsAlive: Bool
    ) async -> Bool {
        held += stream.compression?.memory ?? 0
        if worker.isFull {
            worker.reportShed()
            let problem = await worker.application.answer(to: HTTPError.overloaded, request)
            return await conclude(problem, to: request.head, keepsAlive: false)
        }
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
            return await conclude(problem, to: request.head, keepsAlive: keepsAlive && !isEnding)
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
}

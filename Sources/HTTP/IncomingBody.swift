import Base
import Reactor

/// Content that is read while its handler runs. Touched only on the connection's loop (`@unchecked Sendable` on that ground).
final class IncomingBody: @unchecked Sendable {
    fileprivate var expectsContinue: Bool
    fileprivate var remaining = 0
    fileprivate var decoder: ChunkedDecoder?
    fileprivate let limit: Int
    fileprivate var taken = 0
    /// Received, with what surrounds chunks.
    fileprivate var received = 0
    /// Time spent waiting for the client; the handler's own is not held against it.
    fileprivate var waited = Duration.zero
    /// All of it was read; what follows is the next request.
    fileprivate(set) var isFinished = false
    /// The client left before the end.
    fileprivate(set) var isAbandoned = false
    /// The request is answered: a reader that was kept beyond that must not take the next one's bytes.
    var isOver = false

    init(_ head: RequestHead, limit: Int, limits: Limits) {
        self.limit = limit
        expectsContinue = head.expectsContinue
        switch head.framing {
        case .none: isFinished = true
        case .length(let length): remaining = length
        case .chunked: decoder = ChunkedDecoder(limit: limit, limits: limits)
        }
    }
}

extension Connection {
    func nextPiece(of body: IncomingBody) async throws -> [UInt8]? {
        guard !body.isOver else { throw CancellationError() }
        if body.isFinished { return nil }
        defer { enter(.handling, deadline: .distantFuture) }
        if body.expectsContinue {
            body.expectsContinue = false
            enter(.writing, deadline: worker.loop.now + worker.limits.writeDeadline)
            if pending.isEmpty, await !sendAll(Array("HTTP/1.1 100 Continue\r\n\r\n".utf8)) { throw abandoned(body) }
        }
        while true {
            enter(.body, deadline: .now() + (worker.limits.bodyTime(received: body.received) - body.waited))
            let piece = try take(try await received(for: body), for: body)
            if !piece.isEmpty { return piece }
            if body.isFinished { return nil }
        }
    }

    /// The content in what was received; what lies behind its end is put back for the next request.
    private func take(_ input: [UInt8], for body: IncomingBody) throws -> [UInt8] {
        guard body.decoder != nil else {
            let piece = input.prefix(body.remaining)
            body.remaining -= piece.count
            body.isFinished = body.remaining == 0
            pending = Array(input[piece.count...])
            return Array(piece)
        }
        let outcome = input.withUnsafeBytes { body.decoder?.feed($0) }
        let piece = body.decoder?.takeContent() ?? []
        body.taken += piece.count
        guard body.taken <= body.limit else { throw tooLarge(body) }
        switch outcome {
        case .incomplete: break
        case .finished(let consumed):
            body.isFinished = true
            pending = Array(input[consumed...])
        case .tooLarge: throw tooLarge(body)
        case .trailersTooLarge:
            throw HTTPError(.headerFieldsTooLarge, detail: "The trailer fields are too large.")
        default: throw HTTPError(.badRequest, detail: "A chunk of the content is malformed.")
        }
        return piece
    }

    private func tooLarge(_ body: IncomingBody) -> HTTPError {
        HTTPError(.contentTooLarge, detail: "The content may have \(body.limit) bytes at most.")
    }

    private func abandoned(_ body: IncomingBody) -> any Error {
        if hasExpired { return HTTPError(.requestTimeout, detail: "The content did not arrive in time.") }
        body.isAbandoned = true
        return CancellationError()
    }

    private func received(for body: IncomingBody) async throws -> [UInt8] {
        if !pending.isEmpty {
            defer { pending = [] }
            return pending
        }
        while true {
            switch receive() {
            case .count(0), .failed: throw abandoned(body)
            case .count(let count):
                body.received += count
                return Array(worker.scratch[0..<count])
            case .wouldBlock:
                let began = MonotonicTime.now()
                guard await readiness.readable() else { throw abandoned(body) }
                body.waited += .now() - began
            }
        }
    }
}

extension Route {
    /// The route with its content handed over as it comes. The handler answers before it reads to refuse; content that is left unread
    /// ends the connection.
    package var streamingBody: Route {
        var route = self
        route.streamsBody = true
        return route
    }
}

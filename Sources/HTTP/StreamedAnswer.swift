import Base
import Glibc
import Reactor

/// One streamed answer on its way: frames the pieces, keeps the line alive, ends the handler when its client has gone.
///
/// Touched only on the connection's loop (`@unchecked Sendable` on that ground). The connection outlives it: it waits for the end.
final class StreamedAnswer: @unchecked Sendable {
    enum Ending {
        case whole
        /// Nothing was sent yet; the error can still be the answer.
        case failedBeforeHead(any Error)
        case cut(any Error)
    }

    private unowned let connection: Connection
    private let body: StreamedBody
    private let isChunked: Bool
    /// What goes out before the next piece: at first status line and fields, later what is left of a heartbeat.
    private var owed: [UInt8]
    private var gzip: GzipStream?
    private var hasBegun = false
    private var isSending = false
    private var task: Task<Void, Never>?
    private var isCancelled = false
    private var error: (any Error)?
    private var sends = 0
    private var timer: TimerID?
    private var lastSent = MonotonicTime.now()

    init(_ body: StreamedBody, head: [UInt8], isChunked: Bool, on connection: Connection) {
        self.connection = connection
        self.body = body
        owed = head
        self.isChunked = isChunked
        gzip = body.compression.flatMap { GzipStream($0) }
    }

    var isEndless: Bool { body.isEndless }

    /// Runs the handler's producer to its end.
    func run(on loop: EventLoop) async -> Ending {
        let task = loop.spawn { await self.produce() }
        self.task = task
        if isCancelled { task.cancel() }
        beatLater(on: loop)
        await task.value
        if let timer { loop.cancel(timer) }
        timer = nil
        guard let error else { return .whole }
        return hasBegun ? .cut(error) : .failedBeforeHead(error)
    }

    /// Ends the producer at its next wait or write. Loop's thread.
    func cancel() {
        isCancelled = true
        task?.cancel()
    }

    private func produce() async {
        let writer = BodyWriter { [self] in try await send($0) }
        do {
            do {
                try await body.produce(writer)
                try await writer.flush()
            } catch is CancellationError where body.isEndless && connection.mayEndStream {
                // The server stops: an endless answer ends here, in order.
                if !hasBegun { try await writer.flush() }
            }
            // No heartbeat may come behind the end.
            isSending = true
            let end = framed(try coded([], isLast: true)[...]) + (isChunked ? Array("0\r\n\r\n".utf8) : [])
            if await !connection.send(piece: owed + end) { throw CancellationError() }
        } catch {
            self.error = error
        }
    }

    private func send(_ piece: ArraySlice<UInt8>) async throws -> Bool {
        // An empty piece sends the head alone.
        let coded = piece.isEmpty ? piece : try coded(piece)[...]
        var bytes = owed
        owed = []
        hasBegun = true
        bytes.append(contentsOf: framed(coded))
        isSending = true
        defer {
            isSending = false
            lastSent = .now()
        }
        guard await connection.send(piece: bytes) else { return false }
        // A producer and a reader that are always ready must not keep the loop to themselves.
        sends &+= 1
        if sends % 8 == 0 { await Task.yield() }
        return true
    }

    /// As the answer's Content-Encoding says. Every piece can be read by itself: what was written has been sent.
    private func coded(_ piece: ArraySlice<UInt8>, isLast: Bool = false) throws -> [UInt8] {
        guard body.compression != nil else { return Array(piece) }
        guard let bytes = gzip?.add(piece, isLast: isLast) else { throw SystemError(call: "deflate", number: ENOMEM) }
        return bytes
    }

    private func framed(_ piece: ArraySlice<UInt8>) -> [UInt8] {
        // A chunk of no bytes would be the last one.
        guard isChunked, !piece.isEmpty else { return Array(piece) }
        return Array("\(String(piece.count, radix: 16))\r\n".utf8) + piece + [.carriageReturn, .lineFeed]
    }

    // MARK: Heartbeat

    private func beatLater(on loop: EventLoop) {
        guard let heartbeat = body.heartbeat else { return }
        timer = loop.schedule(at: lastSent + heartbeat.every) { [weak self] in
            guard let self else { return }
            beat(heartbeat)
            beatLater(on: loop)
        }
    }

    /// Never waits: a client whose buffers are full has enough to read, and one that is gone ends the producer.
    private func beat(_ heartbeat: (every: Duration, bytes: [UInt8])) {
        let now = MonotonicTime.now()
        guard lastSent + heartbeat.every <= now else { return }
        lastSent = now
        guard hasBegun, !isSending, owed.isEmpty else { return }
        guard let bytes = try? coded(heartbeat.bytes[...]), let rest = connection.sendWithoutWaiting(framed(bytes[...]))
        else { return cancel() }
        owed = rest
    }
}

import Base
import Glibc
import Reactor
import Synchronization

/// One loop's share of a server: its connections, their deadlines, and the buffers they share.
///
/// Touched only on its loop's thread, but for the counts, which others may read (`@unchecked Sendable` on that ground).
final class ServerWorker: @unchecked Sendable {
    let loop: EventLoop
    let application: Application
    let limits: Limits
    /// Connections handed to this loop and not yet closed.
    let count = Atomic<Int>(0)
    /// Received bytes land here; valid until the next suspension of whoever received them.
    let scratch = UnsafeMutableRawBufferPointer.allocate(byteCount: 64 * 1024, alignment: 16)
    var output: [UInt8] = []
    /// Requests that were answered without a handler, for what they are and for lack of room.
    let refusals = OneWriterCount()
    let sheds = OneWriterCount()
    /// Requests whose handler runs.
    let inWork = OneWriterCount()
    /// See `Limits.heldBytes`; kept by the connections.
    let heldBytes = OneWriterCount()
    private let mostInWork: Int
    private let mostHeld: Int
    private let census: ConnectionCensus
    private let log: Logger
    private var shed = SparseReport(every: .seconds(10))

    private let tls: TLSContext?
    private var connections: [ObjectIdentifier: Connection] = [:]
    /// No connection is kept after its next answer.
    var isLeaving = false
    private var isDraining = false
    private var waitingForIdle: [UnsafeContinuation<Void, Never>] = []
    private var dateSecond = 0
    private var dateBytes: [UInt8] = []

    /// - Parameters:
    ///   - share: how many workers share the limits.
    ///   - tls: nil: plain HTTP.
    init(
        loop: EventLoop, application: Application, limits: Limits, share: Int, census: ConnectionCensus,
        tls: TLSContext?,
        log: Logger
    ) {
        self.loop = loop
        self.census = census
        self.log = log
        mostInWork = max(1, limits.requestsInWork / share)
        mostHeld = limits.heldBytes / share
        self.tls = tls
        self.application = application
        self.limits = limits
    }

    deinit { scratch.deallocate() }

    func start(_ fd: Int32, _ peer: SocketAddress?) {
        // The transport closes the descriptor, also when nothing comes of it.
        guard let transport = Transport(fd: fd, context: tls), !isDraining,
            let connection = try? Connection(transport, peer: peer, worker: self)
        else {
            count.subtract(1, ordering: .relaxed)
            census.leave(peer)
            return
        }
        connections[ObjectIdentifier(connection)] = connection
        connection.serving = loop.spawn { await connection.serve() }
    }

    func finished(_ connection: Connection) {
        connections[ObjectIdentifier(connection)] = nil
        count.subtract(1, ordering: .relaxed)
        census.leave(connection.peer)
        if connections.isEmpty { releaseWaiting() }
    }

    /// Deadlines are checked together, a few times a second: no timer is set or cancelled for a request.
    func startSweeping() {
        loop.schedule(after: .milliseconds(250)) { [weak self] in
            guard let self, !(isDraining && connections.isEmpty) else { return }
            for connection in connections.values { connection.expire(now: loop.now) }
            startSweeping()
        }
    }

    func drain() {
        isDraining = true
        for connection in connections.values { connection.drain() }
    }

    /// Waits until no connection is left; at `end` the rest are ended.
    func untilIdle(_ end: MonotonicTime) async {
        await withUnsafeContinuation { (continuation: UnsafeContinuation<Void, Never>) in
            loop.execute { [self] in
                if connections.isEmpty {
                    continuation.resume()
                    return
                }
                waitingForIdle.append(continuation)
                loop.schedule(at: end) { [self] in
                    for connection in connections.values { connection.abort() }
                    releaseWaiting()
                }
            }
        }
    }

    private func releaseWaiting() {
        for waiting in waitingForIdle { waiting.resume() }
        waitingForIdle = []
    }

    // MARK: Overload

    /// No further handler may begin.
    var isBusy: Bool { inWork.value >= mostInWork }

    /// Nobody may keep more bytes than they have.
    var isFull: Bool { heldBytes.value > mostHeld }

    func reportShed() {
        sheds.add(1)
        guard let count = shed.count(now: loop.now) else { return }
        log.warning(
            "requests are shed",
            [
                "count": String(count), "in_work": String(inWork.value),
                "held_bytes": String(heldBytes.value),
            ])
    }

    /// The `Date` field's value, made once a second.
    func date() -> [UInt8] {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME_COARSE, &time)
        if time.tv_sec != dateSecond {
            dateSecond = time.tv_sec
            dateBytes = HTTPDate.bytes(secondsSince1970: time.tv_sec)
        }
        return dateBytes
    }

    /// A large answer must not leave its size behind as the loop's resting memory.
    func trimOutput() {
        if output.capacity > 256 * 1024 { output = [] }
    }
}

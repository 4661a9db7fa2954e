import Base
import CLinux
import Glibc
import Reactor
import Synchronization

/// A listening HTTP/1.1 server over one or more loops.
///
/// One listener, on the first loop, hands each new connection to the loop with the fewest (DESIGN, rule 1).
package final class Server: @unchecked Sendable {
    package let address: SocketAddress
    private let loops: [EventLoop]
    private let workers: [ServerWorker]
    private let limits: Limits
    private let log: Logger
    private let listener: Int32
    private let census: ConnectionCensus
    private let turnedAwayCount = OneWriterCount()
    // On the first loop's thread only:
    private var acceptor: Acceptor?
    private var turnedAway = SparseReport(every: .seconds(10))

    /// Binds and starts to accept. Call from any thread that isn't a loop's, or from the first loop.
    ///
    /// - Parameters:
    ///   - trustedPeers: proxies, whose connections don't count towards `connectionsPerAddress`.
    ///   - tls: nil: plain HTTP.
    /// - Throws: `SystemError` when the address is taken or not allowed.
    package init(
        host: String, port: UInt16, loops: [EventLoop], application: Application, limits: Limits = Limits(),
        trustedPeers: AddressList = AddressList(), tls: TLSContext? = nil, log: Logger
    ) throws(SystemError) {
        precondition(!loops.isEmpty, "a server needs a loop")
        self.loops = loops
        self.limits = limits
        self.log = log
        // `sendfile` has no flag against the signal of a connection that is gone.
        signal(SIGPIPE, SIG_IGN)
        listener = try Socket.listen(host: host, port: port)
        address = Socket.localAddress(listener) ?? .v4(0, port: port)
        let census = ConnectionCensus(limit: limits.connectionsPerAddress, exempt: trustedPeers)
        self.census = census
        workers = loops.map {
            ServerWorker(
                loop: $0, application: application, limits: limits, share: loops.count, census: census, tls: tls,
                log: log)
        }
        for worker in workers { worker.loop.execute { worker.startSweeping() } }
        loops[0].execute { self.startAccepting() }
    }

    package var port: UInt16 { address.port }

    /// Open connections now, over all loops.
    package var connectionCount: Int { workers.reduce(0) { $0 + $1.count.load(ordering: .relaxed) } }

    /// What is going on, over all loops, a moment ago; what is counted is since the start.
    package struct Load: Sendable {
        /// Requests whose handler runs.
        package var inWork = 0
        /// Kept for requests and answers under way.
        package var heldBytes = 0
        /// Answered 503 for lack of room.
        package var shed = 0
        /// Answered without a handler, for they were malformed, too large, or late; those for lack of bytes are among them.
        package var refused = 0
        /// Connections closed at once.
        package var turnedAway = 0
    }

    package var load: Load {
        var load = Load(turnedAway: turnedAwayCount.value)
        for worker in workers {
            load.inWork += worker.inWork.value
            load.heldBytes += worker.heldBytes.value
            load.shed += worker.sheds.value
            load.refused += worker.refusals.value
        }
        return load
    }

    private func startAccepting() {
        let acceptor = Acceptor(listener: listener, loop: loops[0]) { [weak self] fd, peer in
            if let self { take(fd, peer) } else { close(fd) }
        }
        self.acceptor = acceptor
        do {
            try acceptor.start()
        } catch {
            log.error("the listener can't be watched", ["error": String(describing: error)])
        }
    }

    private func take(_ fd: Int32, _ peer: SocketAddress?) {
        var fewest = workers[0]
        var fewestCount = Int.max
        var total = 0
        for worker in workers {
            let count = worker.count.load(ordering: .relaxed)
            total += count
            if count < fewestCount {
                fewest = worker
                fewestCount = count
            }
        }
        guard total < limits.connections, census.admit(peer) else {
            close(fd)
            turnedAwayCount.add(1)
            if let count = turnedAway.count(now: loops[0].now) {
                log.warning("connections are turned away", ["count": String(count), "open": String(total)])
            }
            return
        }
        Socket.disableNagle(fd)
        fewest.count.add(1, ordering: .relaxed)
        let worker = fewest
        if worker.loop.isCurrent {
            worker.start(fd, peer)
        } else {
            worker.loop.execute { worker.start(fd, peer) }
        }
    }

    /// Says that the end is near: requests are answered as before, each as the last of its connection, and another process may listen on
    /// the same address. Whoever spreads load over processes has time to see it in the readiness probe. `stop` comes later. Call on a loop.
    package func announceStop() async {
        let listener = listener
        await Self.on(loops[0]) { if self.acceptor != nil { Socket.admitSuccessor(to: listener) } }
        for worker in workers { await Self.on(worker.loop) { worker.isLeaving = true } }
    }

    /// Stops accepting, lets requests in progress finish until `deadline`, then ends what is left. Call on a loop.
    package func stop(within deadline: Duration = .seconds(8)) async {
        await Self.on(loops[0]) {
            self.acceptor?.stop()
            self.acceptor = nil
        }
        for worker in workers { await Self.on(worker.loop) { worker.drain() } }
        let end = MonotonicTime.now() + deadline
        for worker in workers { await worker.untilIdle(end) }
    }

    private static func on(_ loop: EventLoop, _ action: @escaping @Sendable () -> Void) async {
        await withUnsafeContinuation { (continuation: UnsafeContinuation<Void, Never>) in
            loop.execute {
                action()
                continuation.resume()
            }
        }
    }
}

/// Takes connections off the listener until it would block; backs off when descriptors run out instead of spinning.
private final class Acceptor: ReadinessHandler {
    private let listener: Int32
    private let loop: EventLoop
    private let take: (Int32, SocketAddress?) -> Void
    private var registration: Registration?
    private var isStopped = false

    init(listener: Int32, loop: EventLoop, take: @escaping (Int32, SocketAddress?) -> Void) {
        self.listener = listener
        self.loop = loop
        self.take = take
    }

    func start() throws(SystemError) {
        registration = try loop.register(listener, events: [.readable, .edgeTriggered], handler: self)
        ready([])
    }

    func ready(_ events: ReadyEvents) {
        // A crowd at the door must not keep the loop from those who are inside.
        for _ in 0..<256 where !isStopped {
            switch Socket.accept(listener) {
            case .connection(let fd, let peer): take(fd, peer)
            case .none: return
            case .exhausted:
                loop.schedule(after: .milliseconds(100)) { [weak self] in self?.ready([]) }
                return
            }
        }
        if !isStopped { loop.schedule(after: .zero) { [weak self] in self?.ready([]) } }
    }

    func stop() {
        isStopped = true
        if let registration { loop.deregister(listener, registration) }
        registration = nil
        close(listener)
    }
}

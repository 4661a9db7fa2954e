import Base
import CPostgres
import Glibc
import Reactor

/// One connection to the server: a libpq handle, never blocking, and what is known about it.
///
/// Level-triggered on purpose: libpq does not say whether it has read all there was. An unused connection that the server closes
/// is noticed at once. `@unchecked Sendable`: touched only on its loop's thread.
final class Connection: ReadinessHandler, @unchecked Sendable {
    enum Wake { case ready, late, closed, cancelled }

    let loop: EventLoop
    let settings: Database.Settings
    /// Nil once closed.
    private(set) var handle: OpaquePointer?
    private var fd: Int32 = -1
    private var registration: Registration?
    private var events: ReadyEvents = []
    private var waiter: UnsafeContinuation<Wake, Never>?
    /// Counts the exchanges, so that a cancellation that comes late strikes none but its own.
    private var exchange: UInt64 = 0
    private(set) var isCancelWanted = false
    private var isTaken = false
    private var queue: [UnsafeContinuation<Void, Never>] = []

    var statements = StatementCache()
    /// Whether a statement has already been answered here: then a break may have happened while the connection was unused.
    var hasServed = false
    /// Tells the server to cancel what the backend does, by another connection. True once the server has been told.
    var cancelBackend: ((_ process: Int32) async -> Bool)?
    /// Receives what came of LISTEN. The others drop it: nothing is listened to on them.
    var onNotification: ((_ channel: String, _ payload: String) -> Void)?
    /// Called once, when the connection is closed from either side.
    var onClose: (() -> Void)?

    private init(handle: OpaquePointer, loop: EventLoop, settings: Database.Settings) {
        self.handle = handle
        self.loop = loop
        self.settings = settings
    }

    deinit {
        // A closed one has none left; this is for an attempt that was given up.
        if let handle { PQfinish(handle) }
    }

    // MARK: Opening and closing

    static func open(
        _ target: ConnectionTarget, on loop: EventLoop, settings: Database.Settings
    ) async throws(PostgresError) -> Connection {
        let deadline = MonotonicTime.now() + settings.connectDeadline
        let parameters: [ConnectionTarget.Parameter]
        if target.needsLookup {
            parameters = try await HelperThread.shared.run {
                Result { () throws(PostgresError) in try target.resolved() }
            }.get()
        } else {
            parameters = try target.resolved()
        }
        guard let handle = start(parameters) else { throw PostgresError(.connectionLost, "no memory for a connection") }
        let connection = Connection(handle: handle, loop: loop, settings: settings)
        do throws(PostgresError) {
            try await connection.finishOpening(until: deadline)
        } catch {
            connection.close()
            throw error
        }
        return connection
    }

    private static func start(_ parameters: [ConnectionTarget.Parameter]) -> OpaquePointer? {
        var strings = parameters.flatMap { [strdup($0.keyword), strdup($0.value)] }
        defer { strings.forEach { free($0) } }
        strings.append(nil)
        let keywords = stride(from: 0, to: strings.count, by: 2).map { UnsafePointer(strings[$0]) }
        let values = stride(from: 1, to: strings.count, by: 2).map { UnsafePointer(strings[$0]) } + [nil]
        return PQconnectStartParams(keywords, values, 0)
    }

    private func finishOpening(until deadline: MonotonicTime) async throws(PostgresError) {
        // libpq asks to be treated as if its last answer had been "writing".
        var step = PQstatus(handle) == CONNECTION_BAD ? PGRES_POLLING_FAILED : PGRES_POLLING_WRITING
        while step != PGRES_POLLING_OK {
            guard step == PGRES_POLLING_READING || step == PGRES_POLLING_WRITING else { throw lost() }
            try watch(step == PGRES_POLLING_READING ? [.readable] : [.writable])
            let wake = await wait(until: deadline)
            // The next step may close this socket and open another under the same number.
            unwatch()
            guard wake == .ready else {
                throw PostgresError(.connectionLost, "the server did not answer the connection in time")
            }
            step = PQconnectPoll(handle)
        }
        PQsetnonblocking(handle, 1)
        // The default prints to standard error.
        PQsetNoticeProcessor(handle, { _, _ in }, nil)
        try watch([.readable])
    }

    func close() {
        loop.assertCurrent()
        guard let handle else { return }
        unwatch()
        self.handle = nil
        PQfinish(handle)
        waiter?.resume(returning: .closed)
        waiter = nil
        onClose?()
        onClose = nil
    }

    /// Closes the connection; the error says why.
    func lost(_ reason: String? = nil) -> PostgresError {
        var words = reason ?? handle.flatMap { PQerrorMessage($0) }.map { String(cString: $0).firstLine } ?? ""
        if words.isEmpty { words = "the connection is closed" }
        close()
        return PostgresError(.connectionLost, words)
    }

    // MARK: State

    var transactionStatus: PGTransactionStatusType {
        handle == nil ? PQTRANS_UNKNOWN : PQtransactionStatus(handle)
    }

    /// Reads what has come unasked; false when the server has gone meanwhile. One system call when nothing has come.
    func isAlive() -> Bool {
        loop.assertCurrent()
        guard handle != nil else { return false }
        var entry = pollfd(fd: fd, events: Int16(POLLIN), revents: 0)
        // Again and again: the server's last words come before the end of the stream.
        while poll(&entry, 1, 0) > 0 {
            guard PQconsumeInput(handle) == 1, PQisBusy(handle) == 0, PQstatus(handle) == CONNECTION_OK else {
                close()
                return false
            }
            passNotifications()
            // Whoever was told may have closed it.
            guard handle != nil else { return false }
        }
        return true
    }

    func passNotifications() {
        while let handle, let notification = PQnotifies(handle) {
            let channel = String(cString: notification.pointee.relname)
            let payload = notification.pointee.extra.map { String(cString: $0) } ?? ""
            PQfreemem(notification)
            onNotification?(channel, payload)
        }
    }

    /// Waits until no other statement is under way here; they pass in the order they came.
    func takeTurn() async {
        if isTaken { await withUnsafeContinuation { queue.append($0) } }
        isTaken = true
    }

    func endTurn() {
        isTaken = false
        if onNotification != nil { passNotifications() }
        guard !queue.isEmpty else { return }
        // Taken for the next at once, or a newcomer would pass it before it runs.
        isTaken = true
        queue.removeFirst().resume()
    }

    // MARK: Cancellation

    /// Runs an exchange during which the cancellation of the calling task is noticed: `wait` then returns `.cancelled`, once.
    func heedingCancellation<Value>(
        _ body: () async throws(PostgresError) -> Value
    ) async throws(PostgresError) -> Value {
        exchange &+= 1
        let number = exchange
        isCancelWanted = false
        defer {
            exchange &+= 1
            isCancelWanted = false
        }
        let outcome: Result<Value, PostgresError> = await withTaskCancellationHandler {
            do throws(PostgresError) {
                return .success(try await body())
            } catch {
                return .failure(error)
            }
        } onCancel: {
            loop.execute { [self] in cancel(exchange: number) }
        }
        return try outcome.get()
    }

    private func cancel(exchange number: UInt64) {
        guard number == exchange else { return }
        isCancelWanted = true
        waiter?.resume(returning: .cancelled)
        waiter = nil
    }

    /// The wish has been seen; further waits go on.
    func forgetCancellation() { isCancelWanted = false }

    /// Whoever waits here looks again at what it waits for.
    func nudge() {
        waiter?.resume(returning: .ready)
        waiter = nil
    }

    /// Tells the server to cancel what this connection's backend does. True once the server has been told.
    func startCancelling() -> Task<Bool, Never> {
        let process = PQbackendPID(handle)
        return Task(executorPreference: loop) { [self] in await cancelBackend?(process) ?? false }
    }

    // MARK: Readiness

    func ready(_ events: ReadyEvents) {
        if let waiting = waiter {
            waiter = nil
            waiting.resume(returning: .ready)
        } else if !isTaken {
            _ = isAlive()
        }
    }

    func wait(until deadline: MonotonicTime) async -> Wake {
        guard registration != nil else { return .closed }
        if isCancelWanted { return .cancelled }
        let timer = loop.schedule(at: deadline) { [self] in
            waiter?.resume(returning: .late)
            waiter = nil
        }
        defer { loop.cancel(timer) }
        return await withUnsafeContinuation { waiter = $0 }
    }

    /// Sets what to wait for from now on.
    func watch(_ events: ReadyEvents) throws(PostgresError) {
        if let registration {
            if events != self.events { loop.modify(fd, events: events, of: registration) }
            self.events = events
            return
        }
        fd = PQsocket(handle)
        guard fd >= 0 else { throw lost() }
        do {
            registration = try loop.register(fd, events: events, handler: self)
            self.events = events
        } catch {
            throw lost("\(error)")
        }
    }

    /// Hears nothing of the socket until the next `watch`: readiness is by level, so what nobody takes would keep the loop awake.
    func unwatch() {
        guard let registration else { return }
        self.registration = nil
        loop.deregister(fd, registration)
    }
}

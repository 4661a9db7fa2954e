import CCurl
import Reactor

/// The outgoing requests of one loop: libcurl's multi-socket interface on the loop's epoll and timers, with its pool of open
/// connections. Loop's thread only (`@unchecked Sendable` on that ground, checked in debug builds).
///
/// libcurl may not be entered from within its callbacks. So they only touch the loop, and finished transfers are taken up after the
/// call that finished them has returned.
package final class Fetcher: @unchecked Sendable {
    package let loop: EventLoop
    private let options: FetchOptions
    private var multi: UnsafeMutableRawPointer?
    private var transfers: [UnsafeMutableRawPointer: Transfer] = [:]
    private var sockets: [Int32: WatchedSocket] = [:]
    private var timer: TimerID?

    private static let initialized: Bool = sluice_curl_global_init() == CURLE_OK
    /// Idle connections kept; each is a descriptor and, with TLS, some 50 KB.
    private static let pooledConnections = 64

    /// Any thread.
    package init(loop: EventLoop, options: FetchOptions = FetchOptions()) {
        precondition(Self.initialized, "libcurl could not be initialised")
        self.loop = loop
        self.options = options
        multi = curl_multi_init()
        precondition(multi != nil, "out of memory")
        _ = sluice_curl_multi_set_long(multi, CURLMOPT_MAXCONNECTS, Self.pooledConnections)
        setCallbacks()
    }

    deinit {
        // Nothing is running, for a running transfer holds us; only idle connections are left, which no epoll watches.
        guard let multi else { return }
        _ = sluice_curl_multi_set_callbacks(multi, nil, nil, nil)
        curl_multi_cleanup(multi)
    }

    /// Waits for the whole answer, of whatever status. Call it on the loop; cancelling the task ends the request.
    package func send(_ request: OutgoingRequest) async throws(FetchError) -> FetchResponse {
        try await result(of: request).get()
    }

    func result(of request: OutgoingRequest) async -> Result<FetchResponse, FetchError> {
        loop.assertCurrent()
        guard multi != nil, !Task.isCancelled else { return .failure(.cancelled(sent: false)) }
        let transfer: Transfer
        do throws(FetchError) {
            transfer = try Transfer(request, options: options)
        } catch {
            return .failure(error)
        }
        return await withTaskCancellationHandler {
            await withUnsafeContinuation { continuation in
                transfer.continuation = continuation
                begin(transfer, within: request.deadline)
            }
        } onCancel: {
            loop.execute { self.abort(transfer) { .cancelled(sent: transfer.isSent) } }
        }
    }

    /// Ends what is running with `cancelled`, closes all connections, refuses what comes later.
    package func close() {
        loop.assertCurrent()
        for transfer in Array(transfers.values) {
            abort(transfer) { .cancelled(sent: transfer.isSent) }
        }
        guard let closing = multi else { return }
        multi = nil
        curl_multi_cleanup(closing)
        for fd in Array(sockets.keys) { forget(fd) }
        if let timer { loop.cancel(timer) }
        timer = nil
    }

    // MARK: Transfers

    private func begin(_ transfer: Transfer, within deadline: Duration) {
        transfers[transfer.easy.pointer] = transfer
        // Our own timer and not libcurl's, which does not count the time before it has started on a transfer.
        transfer.deadline = loop.schedule(after: deadline) { [self] in
            transfer.deadline = nil
            abort(transfer) { transfer.timeout }
        }
        let result = curl_multi_add_handle(multi, transfer.easy.pointer)
        if result != CURLM_OK {
            abort(transfer) { .other(code: result.rawValue, text: String(cString: curl_multi_strerror(result))) }
        }
    }

    /// Never called from within libcurl: by timers, by the loop's inbox, by `begin` and `close`. The error is asked for while the
    /// handle still knows how far it came.
    private func abort(_ transfer: Transfer, _ error: () -> FetchError) {
        guard !transfer.isFinished else { return }
        finish(transfer, .failure(error()))
    }

    private func finish(_ transfer: Transfer, _ result: Result<FetchResponse, FetchError>) {
        transfer.isFinished = true
        transfers[transfer.easy.pointer] = nil
        if let deadline = transfer.deadline { loop.cancel(deadline) }
        transfer.deadline = nil
        if let multi { curl_multi_remove_handle(multi, transfer.easy.pointer) }
        transfer.continuation?.resume(returning: result)
        transfer.continuation = nil
    }

    /// Tells libcurl of an event, then takes up what it has finished.
    private func act(on fd: Int32, _ events: Int32) {
        guard let multi else { return }
        var running: Int32 = 0
        curl_multi_socket_action(multi, fd, events, &running)
        var left: Int32 = 0
        while let message = curl_multi_info_read(multi, &left) {
            // The message does not outlive the handle's removal: copy first.
            let code = message.pointee.data.result
            guard message.pointee.msg == CURLMSG_DONE, let easy = message.pointee.easy_handle,
                let transfer = transfers[easy]
            else { continue }
            finish(transfer, transfer.result(code))
        }
    }

    // MARK: libcurl's callbacks

    private func setCallbacks() {
        _ = sluice_curl_multi_set_callbacks(
            multi, Unmanaged.passUnretained(self).toOpaque(),
            { _, fd, what, context, _ in
                guard let context else { return 0 }
                let fetcher = Unmanaged<Fetcher>.fromOpaque(context).takeUnretainedValue()
                return fetcher.watch(fd, what) ? 0 : -1
            },
            { _, milliseconds, context in
                guard let context else { return 0 }
                Unmanaged<Fetcher>.fromOpaque(context).takeUnretainedValue().setTimer(milliseconds)
                return 0
            })
    }

    /// False makes libcurl fail the transfers of the multi handle, which is right when epoll has no room.
    private func watch(_ fd: Int32, _ what: Int32) -> Bool {
        // Registered anew on each change, not modified: libcurl may have closed the descriptor and got the same number again, of
        // which epoll knows nothing.
        forget(fd)
        var events: ReadyEvents = []
        if what == CURL_POLL_IN || what == CURL_POLL_INOUT { events.insert(.readable) }
        if what == CURL_POLL_OUT || what == CURL_POLL_INOUT { events.insert(.writable) }
        guard !events.isEmpty else { return true }
        let socket = WatchedSocket(fd: fd, fetcher: self)
        guard let registration = try? loop.register(fd, events: events, handler: socket) else { return false }
        socket.registration = registration
        sockets[fd] = socket
        return true
    }

    private func forget(_ fd: Int32) {
        guard let socket = sockets.removeValue(forKey: fd), let registration = socket.registration else { return }
        loop.deregister(fd, registration)
    }

    /// Zero means "as soon as you are out of here": the loop's timers never fire at once, so that needs no case of its own.
    private func setTimer(_ milliseconds: Int) {
        if let timer { loop.cancel(timer) }
        timer = nil
        guard milliseconds >= 0 else { return }
        timer = loop.schedule(after: .milliseconds(milliseconds)) { [self] in
            timer = nil
            act(on: sluice_curl_socket_timeout, 0)
        }
    }

    fileprivate func ready(_ fd: Int32, _ events: ReadyEvents) {
        var mask: Int32 = 0
        // On an error or hang-up libcurl is told nothing (0) and looks for itself.
        if events.isDisjoint(with: [.failed, .hungUp]) {
            if events.contains(.readable) { mask |= CURL_CSELECT_IN }
            if events.contains(.writable) { mask |= CURL_CSELECT_OUT }
        }
        act(on: fd, mask)
    }
}

/// A descriptor of libcurl's that the loop watches, level-triggered.
private final class WatchedSocket: ReadinessHandler {
    private let fd: Int32
    private let fetcher: Fetcher
    var registration: Registration?

    init(fd: Int32, fetcher: Fetcher) {
        self.fd = fd
        self.fetcher = fetcher
    }

    func ready(_ events: ReadyEvents) {
        fetcher.ready(fd, events)
    }
}

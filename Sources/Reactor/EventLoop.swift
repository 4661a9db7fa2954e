import Base
import CLinux
import Glibc
import Synchronization

/// What epoll said about a file descriptor.
package struct ReadyEvents: OptionSet, Sendable {
    package let rawValue: UInt32
    package init(rawValue: UInt32) { self.rawValue = rawValue }

    package static let readable = ReadyEvents(rawValue: sluice_epollin)
    package static let writable = ReadyEvents(rawValue: sluice_epollout)
    /// The peer has shut down its sending side.
    package static let peerClosed = ReadyEvents(rawValue: sluice_epollrdhup)
    package static let failed = ReadyEvents(rawValue: sluice_epollerr)
    package static let hungUp = ReadyEvents(rawValue: sluice_epollhup)
    package static let edgeTriggered = ReadyEvents(rawValue: sluice_epollet)
}

/// Receives the readiness of one registered file descriptor, on the loop's thread.
package protocol ReadinessHandler: AnyObject {
    func ready(_ events: ReadyEvents)
}

/// Names one registration. An event for a closed and reused descriptor carries the old generation and is dropped.
package struct Registration: Hashable, Sendable {
    fileprivate let slot: UInt32
    fileprivate let generation: UInt32
    fileprivate var key: UInt64 { UInt64(generation) << 32 | UInt64(slot) }
}

/// One thread, one epoll, one executor: rule 1 of the design.
///
/// Everything that touches the loop's own state (registrations, timers) runs on its thread; `execute`, `enqueue` and `stop` may be
/// called from any. `@unchecked Sendable`: the state below is touched only on the loop's thread, which debug builds check; the
/// inbox is behind a mutex.
package final class EventLoop: TaskExecutor, @unchecked Sendable {
    package let name: String

    private let epoll: Int32
    private let wakeup: Int32
    private let thread = Atomic<UInt>(0)
    private let stopping = Atomic<Bool>(false)

    private struct Inbox {
        var jobs: [UnownedJob] = []
        var actions: [@Sendable () -> Void] = []
        var isSignalled = false
    }
    private let inbox = Mutex(Inbox())

    private struct Slot {
        var generation: UInt32 = 0
        var handler: (any ReadinessHandler)?
    }
    private var slots: [Slot] = []
    private var freeSlots: [UInt32] = []
    private var timers = TimerHeap()
    private var jobs: [UnownedJob] = []
    private var runningJobs: [UnownedJob] = []

    /// The time this turn of the loop began: cheap, and at most one turn old.
    package private(set) var now = MonotonicTime.now()

    package init(name: String) throws(SystemError) {
        self.name = name
        epoll = epoll_create1(Int32(EPOLL_CLOEXEC))
        guard epoll >= 0 else { throw SystemError(call: "epoll_create1") }
        wakeup = sluice_eventfd()
        guard wakeup >= 0 else {
            let error = SystemError(call: "eventfd")
            close(epoll)
            throw error
        }
        _ = sluice_epoll_add(epoll, wakeup, sluice_epollin | sluice_epollet, .max)
    }

    deinit {
        close(wakeup)
        close(epoll)
    }

    // MARK: Running

    package var isCurrent: Bool {
        thread.load(ordering: .relaxed) == UInt(pthread_self())
    }

    /// Traps in debug builds when called off the loop's thread.
    @inline(__always)
    package func assertCurrent() {
        assert(isCurrent, "used off its event loop")
    }

    /// Runs on the calling thread until `stop()`.
    package func run() {
        thread.store(UInt(pthread_self()), ordering: .releasing)
        now = .now()
        withUnsafeTemporaryAllocation(of: epoll_event.self, capacity: 512) { events in
            while !stopping.load(ordering: .relaxed) {
                turn(events)
            }
        }
        drainInbox()
        runJobs()
        thread.store(0, ordering: .releasing)
    }

    /// Starts a thread of its own that runs the loop, and waits until it is running.
    package func start() {
        let running = HelperThread.Signal()
        HelperThread.detach(name: name) { [self] in
            execute { running.raise() }
            run()
        }
        running.wait()
    }

    /// Makes `run()` return after the current turn. Any thread.
    package func stop() {
        stopping.store(true, ordering: .relaxed)
        signal()
    }

    private func turn(_ events: UnsafeMutableBufferPointer<epoll_event>) {
        drainInbox()
        runJobs()
        let timeout = waitMilliseconds()
        let count = epoll_wait(epoll, events.baseAddress, Int32(events.count), timeout)
        now = .now()
        if count > 0 {
            for index in 0..<Int(count) {
                dispatch(key: events[index].data.u64, events: ReadyEvents(rawValue: events[index].events))
            }
        }
        while let action = timers.popDue(now: now) { action() }
    }

    private func waitMilliseconds() -> Int32 {
        if !jobs.isEmpty { return 0 }
        guard let earliest = timers.earliest else { return -1 }
        let remaining = (earliest - MonotonicTime.now()).wholeNanoseconds
        if remaining <= 0 { return 0 }
        // Rounded up: a turn that begins too early would find nothing due and spin until the deadline.
        return Int32(clamping: (remaining - 1) / 1_000_000 + 1)
    }

    private func dispatch(key: UInt64, events: ReadyEvents) {
        if key == .max {
            var count: UInt64 = 0
            _ = read(wakeup, &count, 8)
            return
        }
        let slot = Int(key & 0xFFFF_FFFF)
        guard slot < slots.count, slots[slot].generation == UInt32(key >> 32) else { return }
        slots[slot].handler?.ready(events)
    }

    private func runJobs() {
        // A job may enqueue further ones; those wait for the next round so that sockets get their turn. Sixteen rounds keep a
        // chain of resumed tasks from paying an epoll_wait for each step.
        for _ in 0..<16 where !jobs.isEmpty {
            swap(&jobs, &runningJobs)
            for job in runningJobs {
                job.runSynchronously(on: asUnownedTaskExecutor())
            }
            runningJobs.removeAll(keepingCapacity: true)
        }
    }

    private func drainInbox() {
        let (received, actions) = inbox.withLock { inbox in
            inbox.isSignalled = false
            if inbox.jobs.isEmpty && inbox.actions.isEmpty { return ([UnownedJob](), [@Sendable () -> Void]()) }
            let taken = (inbox.jobs, inbox.actions)
            inbox.jobs = []
            inbox.actions = []
            return taken
        }
        jobs.append(contentsOf: received)
        for action in actions { action() }
    }

    // MARK: Work from anywhere

    package func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        if isCurrent {
            jobs.append(job)
            return
        }
        let mustSignal = inbox.withLock { inbox in
            inbox.jobs.append(job)
            defer { inbox.isSignalled = true }
            return !inbox.isSignalled
        }
        if mustSignal { signal() }
    }

    /// Runs `action` on the loop's thread, soon. Any thread.
    package func execute(_ action: @escaping @Sendable () -> Void) {
        let mustSignal = inbox.withLock { inbox in
            inbox.actions.append(action)
            defer { inbox.isSignalled = true }
            return !inbox.isSignalled
        }
        if mustSignal { signal() }
    }

    /// Starts a task whose every step runs on this loop. Any thread.
    @discardableResult
    package func spawn(_ body: @escaping @Sendable () async -> Void) -> Task<Void, Never> {
        Task(executorPreference: self) { await body() }
    }

    private func signal() {
        var one: UInt64 = 1
        _ = write(wakeup, &one, 8)
    }

    // MARK: Descriptors (loop's thread only)

    /// Starts to watch `fd`. The loop holds `handler` until `deregister`.
    package func register(
        _ fd: Int32, events: ReadyEvents, handler: any ReadinessHandler
    ) throws(SystemError) -> Registration {
        assertCurrent()
        let slot = freeSlots.popLast() ?? UInt32(slots.count)
        if Int(slot) == slots.count { slots.append(Slot()) }
        slots[Int(slot)].handler = handler
        let registration = Registration(slot: slot, generation: slots[Int(slot)].generation)
        guard sluice_epoll_add(epoll, fd, events.rawValue, registration.key) == 0 else {
            let error = SystemError(call: "epoll_ctl")
            release(registration)
            throw error
        }
        return registration
    }

    package func modify(_ fd: Int32, events: ReadyEvents, of registration: Registration) {
        assertCurrent()
        _ = sluice_epoll_modify(epoll, fd, events.rawValue, registration.key)
    }

    /// Stops watching; call before `close(fd)`. Events already read in this turn are dropped.
    package func deregister(_ fd: Int32, _ registration: Registration) {
        assertCurrent()
        _ = sluice_epoll_delete(epoll, fd)
        release(registration)
    }

    private func release(_ registration: Registration) {
        let slot = Int(registration.slot)
        guard slot < slots.count, slots[slot].generation == registration.generation else { return }
        slots[slot].generation &+= 1
        slots[slot].handler = nil
        freeSlots.append(registration.slot)
    }

    // MARK: Timers (loop's thread only)

    @discardableResult
    package func schedule(after delay: Duration, _ action: @escaping () -> Void) -> TimerID {
        schedule(at: MonotonicTime.now() + delay, action)
    }

    @discardableResult
    package func schedule(at deadline: MonotonicTime, _ action: @escaping () -> Void) -> TimerID {
        assertCurrent()
        return timers.add(at: deadline, action)
    }

    package func cancel(_ timer: TimerID) {
        assertCurrent()
        timers.cancel(timer)
    }

    /// Suspends the calling task, which runs on this loop, for `duration`. Returns early, and says so with `false`, when the task is
    /// cancelled.
    @discardableResult
    package func sleep(for duration: Duration) async -> Bool {
        let wait = LoopWait(loop: self)
        return await withTaskCancellationHandler {
            await withUnsafeContinuation { continuation in
                wait.begin(continuation, for: duration)
            }
        } onCancel: {
            self.execute { wait.finish(false) }
        }
    }
}

/// One sleeping task. Touched only on its loop's thread.
private final class LoopWait: @unchecked Sendable {
    private let loop: EventLoop
    private var continuation: UnsafeContinuation<Bool, Never>?
    private var timer: TimerID?
    private var isFinished = false

    init(loop: EventLoop) { self.loop = loop }

    func begin(_ continuation: UnsafeContinuation<Bool, Never>, for duration: Duration) {
        if isFinished {
            continuation.resume(returning: false)
            return
        }
        self.continuation = continuation
        timer = loop.schedule(after: duration) { self.finish(true) }
    }

    func finish(_ elapsed: Bool) {
        isFinished = true
        if let timer { loop.cancel(timer) }
        timer = nil
        continuation?.resume(returning: elapsed)
        continuation = nil
    }
}

import CLinux
import Glibc
import Synchronization
import Testing

@testable import Reactor

@Suite(.timeLimit(.minutes(10)))
struct EventLoopTests {
    @Test func `runs what other threads hand over, each thread's in its order`() async throws {
        try await onLoop { loop in
            let received = Mutex([[Int]](repeating: [], count: 4))
            let handed = Mutex(0)
            await withUnsafeContinuation { (continuation: UnsafeContinuation<Void, Never>) in
                for thread in 0..<4 {
                    HelperThread.detach(name: "giver") {
                        for number in 0..<1000 {
                            loop.execute {
                                loop.assertCurrent()
                                received.withLock { $0[thread].append(number) }
                                let count = handed.withLock { count in
                                    count += 1
                                    return count
                                }
                                if count == 4000 { continuation.resume() }
                            }
                        }
                    }
                }
            }
            #expect(received.withLock { $0 } == [[Int]](repeating: Array(0..<1000), count: 4))
        }
    }

    @Test func `tasks of other threads run on the loop`() async throws {
        try await onLoop { loop in
            let places = await withTaskGroup(of: Bool.self) { group in
                for _ in 0..<100 {
                    group.addTask(executorPreference: globalConcurrentExecutor) {
                        await withUnsafeContinuation { continuation in
                            loop.spawn { continuation.resume(returning: loop.isCurrent) }
                        }
                    }
                }
                return await group.reduce(into: [Bool]()) { $0.append($1) }
            }
            #expect(places == [Bool](repeating: true, count: 100))
        }
    }

    @Test func `a task stays on its loop across awaits, child tasks and helpers`() async throws {
        try await onLoop { loop in
            @Sendable func place() async -> Bool {
                await Task.yield()
                return loop.isCurrent
            }
            @concurrent @Sendable func concurrentPlace() async -> Bool { loop.isCurrent }
            #expect(loop.isCurrent)
            #expect(await place())
            #expect(await concurrentPlace())
            async let child = place()
            #expect(await child)
            let group = await withTaskGroup(of: Bool.self) { group in
                for _ in 0..<10 { group.addTask { await place() } }
                return await group.allSatisfy { $0 }
            }
            #expect(group)
            let helper = HelperThread(name: "test-helper")
            #expect(await helper.run { loop.isCurrent } == false)
            #expect(loop.isCurrent)
            await loop.sleep(for: .milliseconds(1))
            #expect(loop.isCurrent)
        }
        // And the test itself is elsewhere again.
        let loop = try EventLoop(name: "unused")
        #expect(!loop.isCurrent)
    }

    @Test func `timers fire in the order of their deadlines, and not when cancelled`() async throws {
        let fired = try await onLoop { loop in
            let fired = Mutex<[Int]>([])
            await withUnsafeContinuation { (continuation: UnsafeContinuation<Void, Never>) in
                let start = MonotonicTime.now()
                func add(_ number: Int, _ milliseconds: Int) -> TimerID {
                    loop.schedule(at: start + .milliseconds(milliseconds)) { fired.withLock { $0.append(number) } }
                }
                _ = add(3, 3)
                let second = add(2, 2)
                _ = add(1, 1)
                loop.cancel(second)
                loop.schedule(at: start + .milliseconds(4)) { continuation.resume() }
            }
            return fired.withLock { $0 }
        }
        #expect(fired == [1, 3])
    }

    @Test(arguments: [Duration.zero, .seconds(-1), .seconds(Int64.min), .nanoseconds(1)])
    func `a sleep of no length ends`(duration: Duration) async throws {
        #expect(try await onLoop { loop in await loop.sleep(for: duration) })
    }

    @Test func `a sleep longer than the clock does not disturb the loop`() async throws {
        try await onLoop { loop in
            let sleeper = loop.spawn { await loop.sleep(for: .seconds(Int64.max)) }
            #expect(await loop.sleep(for: .milliseconds(1)))
            sleeper.cancel()
            await sleeper.value
        }
    }

    @Test func `a cancelled sleep ends at once and says so`() async throws {
        try await onLoop { loop in
            let result = Mutex<[Bool]>([])
            let running = loop.spawn {
                let elapsed = await loop.sleep(for: .seconds(3600))
                result.withLock { $0.append(elapsed) }
            }
            await loop.settle()
            running.cancel()
            await running.value
            // Cancelled before it begins.
            let early = loop.spawn {
                let elapsed = await loop.sleep(for: .seconds(3600))
                result.withLock { $0.append(elapsed) }
            }
            early.cancel()
            await early.value
            #expect(result.withLock { $0 } == [false, false])
        }
    }

    @Test func `what was handed over before the start is run, with a clock of its own turn`() async throws {
        let loop = try EventLoop(name: "late")
        let made = MonotonicTime.now()
        let now = await withUnsafeContinuation { (continuation: UnsafeContinuation<MonotonicTime, Never>) in
            loop.execute { continuation.resume(returning: loop.now) }
            loop.start()
        }
        loop.stop()
        #expect(now >= made)
    }

    @Test func `stop ends the run from another thread`() async throws {
        let loop = try EventLoop(name: "stopped")
        await withUnsafeContinuation { (continuation: UnsafeContinuation<Void, Never>) in
            HelperThread.detach(name: "runner") {
                loop.run()
                continuation.resume()
            }
            loop.stop()
        }
        #expect(!loop.isCurrent)
    }

    @Test func `tells every descriptor that is ready in one turn`() async throws {
        try await onLoop { loop in
            let pairs = (0..<100).map { _ in SocketPair() }
            let told = Mutex([Int](repeating: 0, count: pairs.count))
            var registrations: [(Int32, Registration)] = []
            for (index, pair) in pairs.enumerated() {
                pair.knock()
                let recorder = EventRecorder { events in
                    #expect(events.contains(.readable))
                    told.withLock { $0[index] += 1 }
                }
                let events: ReadyEvents = [.readable, .edgeTriggered]
                registrations.append((pair.near, try loop.register(pair.near, events: events, handler: recorder)))
            }
            await loop.settle()
            #expect(told.withLock { $0 } == [Int](repeating: 1, count: pairs.count))
            for (fd, registration) in registrations { loop.deregister(fd, registration) }
        }
    }

    @Test func `an event read for a descriptor that was closed and reused is dropped`() async throws {
        try await onLoop { loop in
            let first = SocketPair()
            let second = SocketPair()
            let quiet = SocketPair()
            let told = Mutex((old: 0, new: 0))
            let registrations = Mutex<[Int32: Registration]>([:])

            // Both are ready in one turn; whichever is told first replaces the other by a descriptor with nothing to read.
            @Sendable func replace(_ fd: Int32) {
                told.withLock { $0.old += 1 }
                registrations.withLock { registrations in
                    guard let stale = registrations.removeValue(forKey: fd) else { return }
                    loop.deregister(fd, stale)
                    precondition(dup2(quiet.near, fd) == fd)
                    let recorder = EventRecorder { _ in told.withLock { $0.new += 1 } }
                    registrations[fd] = try? loop.register(fd, events: [.readable, .edgeTriggered], handler: recorder)
                }
            }
            for (pair, other) in [(first, second), (second, first)] {
                pair.knock()
                let recorder = EventRecorder { _ in replace(other.near) }
                let registration = try loop.register(pair.near, events: [.readable, .edgeTriggered], handler: recorder)
                registrations.withLock { $0[pair.near] = registration }
            }
            await loop.settle()
            #expect(told.withLock { $0 } == (old: 1, new: 0))
            quiet.knock()
            await loop.settle()
            #expect(told.withLock { $0 } == (old: 1, new: 1))
            for (fd, registration) in registrations.withLock({ $0 }) { loop.deregister(fd, registration) }
        }
    }

    @Test func `refuses a descriptor that can't be watched and goes on`() async throws {
        try await onLoop { loop in
            #expect(throws: (any Error).self) {
                _ = try loop.register(-1, events: [.readable], handler: EventRecorder { _ in })
            }
            let pair = SocketPair()
            pair.knock()
            let readiness = try Readiness(fd: pair.near, loop: loop)
            #expect(await readiness.readable())
            readiness.cancel()
        }
    }
}

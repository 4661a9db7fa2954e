import CLinux
import Glibc
import Synchronization
import Testing

@testable import Reactor

@Suite(.timeLimit(.minutes(10)))
struct ReadinessTests {
    @Test func `wakes the reader when bytes come, once for each edge`() async throws {
        try await onLoop { loop in
            let pair = SocketPair()
            let readiness = try Readiness(fd: pair.near, loop: loop)
            let woken = Mutex(0)
            let reader = loop.spawn {
                while await readiness.readable() { woken.withLock { $0 += 1 } }
            }
            await loop.settle()
            #expect(woken.withLock { $0 } == 0)
            for expected in 1...3 {
                pair.knock()
                await loop.settle()
                // The byte is still unread, yet its edge has been used up.
                #expect(woken.withLock { $0 } == expected)
            }
            readiness.cancel()
            await reader.value
        }
    }

    @Test func `an edge that came before the wait is kept, once`() async throws {
        try await onLoop { loop in
            let pair = SocketPair()
            let readiness = try Readiness(fd: pair.near, loop: loop)
            pair.knock()
            await loop.settle()
            #expect(await readiness.readable())
            let late = await readiness.ready(.read, until: MonotonicTime.now() + .milliseconds(1))
            #expect(!late)
            readiness.cancel()
        }
    }

    @Test func `wakes the writer when there is room again`() async throws {
        try await onLoop { loop in
            let pair = SocketPair()
            let readiness = try Readiness(fd: pair.far, loop: loop)
            await loop.settle()
            // The first edge is of the time when there was room.
            #expect(await readiness.writable())
            let block = [UInt8](repeating: 7, count: 4096)
            var sent = 0
            while case .count(let count) = block.withUnsafeBytes({ Socket.send(pair.far, $0) }) { sent += count }
            let hasRoom = Mutex(false)
            let writer = loop.spawn {
                let answer = await readiness.writable()
                hasRoom.withLock { $0 = answer }
            }
            await loop.settle()
            #expect(!hasRoom.withLock { $0 })
            while sent > 0 {
                let count = pair.read()
                if count <= 0 { break }
                sent -= count
            }
            await writer.value
            #expect(hasRoom.withLock { $0 })
            readiness.cancel()
        }
    }

    @Test func `cancel releases both who wait and refuses whoever comes later`() async throws {
        try await onLoop { loop in
            let pair = SocketPair()
            let readiness = try Readiness(fd: pair.near, loop: loop)
            await loop.settle()
            #expect(await readiness.writable())
            let answers = Mutex<[Bool]>([])
            let reader = loop.spawn {
                let answer = await readiness.readable()
                answers.withLock { $0.append(answer) }
            }
            let writer = loop.spawn {
                let answer = await readiness.writable()
                answers.withLock { $0.append(answer) }
            }
            await loop.settle()
            readiness.cancel()
            readiness.cancel()
            await reader.value
            await writer.value
            #expect(answers.withLock { $0 } == [false, false])
            #expect(await readiness.readable() == false)
            #expect(await readiness.writable() == false)
        }
    }

    @Test func `tells reader and writer that the peer has closed`() async throws {
        try await onLoop { loop in
            var ends: [Int32] = [-1, -1]
            try #require(socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue), 0, &ends) == 0)
            let readiness = try Readiness(fd: ends[0], loop: loop)
            await loop.settle()
            #expect(await readiness.writable())
            #expect(!readiness.peerIsGone)
            close(ends[1])
            #expect(await readiness.readable())
            #expect(await readiness.writable())
            #expect(readiness.peerIsGone)
            var byte: UInt8 = 0
            #expect(recv(ends[0], &byte, 1, 0) == 0)
            readiness.cancel()
            close(ends[0])
        }
    }

    @Test func `gives up at a deadline and can be waited on again`() async throws {
        try await onLoop { loop in
            let pair = SocketPair()
            let readiness = try Readiness(fd: pair.near, loop: loop)
            #expect(await readiness.ready(.read, until: MonotonicTime.now()) == false)
            #expect(await readiness.ready(.read, until: MonotonicTime.now() + .milliseconds(1)) == false)
            pair.knock()
            #expect(await readiness.ready(.read, until: .distantFuture))
            readiness.cancel()
        }
    }

    @Test func `an event in the turn of the deadline is not lost`() async throws {
        try await onLoop { loop in
            let pair = SocketPair()
            let readiness = try Readiness(fd: pair.near, loop: loop)
            // Far enough that no busy machine reaches it before the loop is held.
            let deadline = MonotonicTime.now() + .milliseconds(300)
            loop.execute {
                pair.knock()
                // Holds the loop until both the event and the deadline wait for the same turn.
                while MonotonicTime.now() < deadline {}
            }
            #expect(await readiness.ready(.read, until: deadline))
            readiness.cancel()
        }
    }
}

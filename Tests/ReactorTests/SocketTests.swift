import Base
import CLinux
import Glibc
import Synchronization
import Testing

@testable import Reactor

@Suite(.timeLimit(.minutes(10)))
struct SocketTests {
    @Test func `listens on a free port and takes what connects`() throws {
        let listener = try Socket.listen(host: "127.0.0.1", port: 0)
        defer { close(listener) }
        let address = try #require(Socket.localAddress(listener))
        guard case .v4(0x7F00_0001, let port) = address, port > 0 else {
            Issue.record("listens on \(address)")
            return
        }
        guard case .none = Socket.accept(listener) else {
            Issue.record("nobody has connected yet")
            return
        }
        let client = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(client) }
        // The listener's own name is where to go.
        var name = sockaddr_storage()
        var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
        let result = withUnsafeMutableBytes(of: &name) { bytes in
            let address = bytes.baseAddress?.assumingMemoryBound(to: sockaddr.self)
            return getsockname(listener, address, &length) == 0 ? connect(client, address, length) : -1
        }
        try #require(result == 0)
        guard case .connection(let fd, let peer) = Socket.accept(listener) else {
            Issue.record("the connection is not there")
            return
        }
        defer { close(fd) }
        #expect(peer == Socket.localAddress(client))
        #expect(fcntl(fd, F_GETFL) & O_NONBLOCK != 0)
        #expect(fcntl(fd, F_GETFD) & FD_CLOEXEC != 0)
    }

    @Test func `says which address is taken`() throws {
        let listener = try Socket.listen(host: "127.0.0.1", port: 0)
        defer { close(listener) }
        let port = try #require(Socket.localAddress(listener)).port
        let error = #expect(throws: SystemError.self) { _ = try Socket.listen(host: "127.0.0.1", port: port) }
        #expect(error?.number == EADDRINUSE)
        #expect(error?.call == "bind 127.0.0.1:\(port)")
    }

    @Test(arguments: ["localhost", "", "127.0.0.1 ", "256.0.0.1", "::g"])
    func `takes numbers only as a host`(host: String) {
        #expect(throws: SystemError.self) { close(try Socket.listen(host: host, port: 0)) }
    }

    @Test func `a descriptor that fails for an unknown reason is backed off from`() {
        guard case .exhausted = Socket.accept(-1) else {
            Issue.record("an error must never look like an empty queue")
            return
        }
    }

    @Test func `signals reach the loop that asked, until the source is cancelled in its own handler`() async throws {
        try await onLoop { loop in
            let seen = Mutex<[Int32]>([])
            await withUnsafeContinuation { (continuation: UnsafeContinuation<Void, Never>) in
                var source: SignalSource?
                do {
                    source = try SignalSource([SIGUSR1, SIGUSR2], on: loop) { number in
                        seen.withLock { $0.append(number) }
                        if number == SIGUSR2 {
                            source?.cancel()
                            source?.cancel()
                            continuation.resume()
                        }
                    }
                } catch {
                    Issue.record(error)
                    continuation.resume()
                }
                pthread_kill(pthread_self(), SIGUSR1)
                pthread_kill(pthread_self(), SIGUSR2)
            }
            #expect(seen.withLock { $0 } == [SIGUSR1, SIGUSR2])
        }
    }
}

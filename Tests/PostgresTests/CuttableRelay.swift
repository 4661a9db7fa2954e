import CLinux
import Glibc
import Reactor
import Synchronization

/// Stands between a client and the server's unix socket, and cuts all connections when told, as a network does.
final class CuttableRelay: Sendable {
    private let listener: Int32
    private let upstream: String
    private let open = Mutex<[Int32]>([])

    /// - Parameters:
    ///   - directory: where its own socket is made.
    ///   - upstream: the directory of the server's socket.
    init(directory: String, upstream: String) throws {
        self.upstream = "\(upstream)/.s.PGSQL.5432"
        listener = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        let bound = Self.withAddress("\(directory)/.s.PGSQL.5432") { bind(listener, $0, $1) }
        guard bound == 0, listen(listener, 64) == 0 else { throw Failure() }
        HelperThread.detach(name: "relay") { [self] in accept() }
    }

    struct Failure: Error {}

    private static func withAddress<Value>(
        _ path: String, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Value
    ) -> Value {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8.prefix($0.count - 1)) }
        return withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                body($0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
    }

    private func accept() {
        while true {
            let client = Glibc.accept(listener, nil, nil)
            guard client >= 0 else { return }
            _ = fcntl(client, F_SETFD, FD_CLOEXEC)
            let server = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
            guard Self.withAddress(upstream, { connect(server, $0, $1) }) == 0 else {
                close(client)
                close(server)
                continue
            }
            open.withLock { $0 += [client, server] }
            // The descriptors stay open to the end: a number that is used anew would be cut instead.
            HelperThread.detach(name: "relay") { Self.pump(client, server) }
            HelperThread.detach(name: "relay") { Self.pump(server, client) }
        }
    }

    private static func pump(_ source: Int32, _ target: Int32) {
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = recv(source, &buffer, buffer.count, 0)
            guard count > 0, send(target, buffer, count, Int32(MSG_NOSIGNAL)) == count else { break }
        }
        shutdown(source, Int32(SHUT_RDWR))
        shutdown(target, Int32(SHUT_RDWR))
    }

    /// Ends every connection, wherever its bytes are.
    func cut() {
        for descriptor in open.withLock({ $0 }) { shutdown(descriptor, Int32(SHUT_RDWR)) }
    }

    func stop() {
        shutdown(listener, Int32(SHUT_RDWR))
        cut()
        open.withLock { $0.forEach { close($0) } }
        close(listener)
    }
}

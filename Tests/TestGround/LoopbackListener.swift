import CLinux
import Glibc

/// A listening socket on loopback whose connections a thread takes. Open as long as anybody holds it: a thread that waits for the next
/// connection must never find the number of its descriptor given to another socket.
package final class LoopbackListener: Sendable {
    package let port: UInt16
    private let fd: Int32

    package init() {
        let fd = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        port = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { generic in
                precondition(bind(fd, generic, length) == 0 && listen(fd, 128) == 0)
                getsockname(fd, generic, &length)
            }
            return UInt16(bigEndian: pointer.pointee.sin_port)
        }
        self.fd = fd
    }

    deinit { close(fd) }

    /// Waits for the next connection; nil once the listener has been stopped.
    package func accept() -> Int32? {
        // A program started meanwhile by another test must not hold the connection open.
        let connection = accept4(fd, nil, nil, Int32(SOCK_CLOEXEC.rawValue))
        return connection < 0 ? nil : connection
    }

    /// Wakes up whoever waits; from now on nobody connects.
    package func stop() { shutdown(fd, Int32(SHUT_RDWR)) }
}

import Base
import CLinux
import Glibc

/// A TCP socket's address as numbers; never a host name.
package enum SocketAddress: Hashable, Sendable {
    case v4(UInt32, port: UInt16)
    /// The sixteen bytes in network order, as two big-endian halves.
    case v6(UInt64, UInt64, port: UInt16)

    package var port: UInt16 {
        switch self {
        case .v4(_, let port), .v6(_, _, let port): port
        }
    }

    init?(_ storage: sockaddr_storage) {
        switch Int32(storage.ss_family) {
        case AF_INET:
            self = withUnsafeBytes(of: storage) { bytes in
                let address = bytes.loadUnaligned(as: sockaddr_in.self)
                return .v4(UInt32(bigEndian: address.sin_addr.s_addr), port: UInt16(bigEndian: address.sin_port))
            }
        case AF_INET6:
            self = withUnsafeBytes(of: storage) { bytes in
                let address = bytes.loadUnaligned(as: sockaddr_in6.self)
                return withUnsafeBytes(of: address.sin6_addr) { octets in
                    .v6(
                        UInt64(bigEndian: octets.loadUnaligned(fromByteOffset: 0, as: UInt64.self)),
                        UInt64(bigEndian: octets.loadUnaligned(fromByteOffset: 8, as: UInt64.self)),
                        port: UInt16(bigEndian: address.sin6_port))
                }
            }
        default: return nil
        }
    }
}

/// Small, retrying wrappers over the socket calls. All descriptors are non-blocking and close on exec.
package enum Socket {
    /// A listening TCP socket. `host` is a numeric IPv4 or IPv6 address ("0.0.0.0", "127.0.0.1", "::"); port 0 asks for a free one.
    ///
    /// An address that another process listens on is taken, unless that one has called `admitSuccessor`.
    package static func listen(host: String, port: UInt16, backlog: Int32 = 4096) throws(SystemError) -> Int32 {
        var hints = addrinfo()
        hints.ai_flags = AI_NUMERICHOST | AI_PASSIVE
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var found: UnsafeMutablePointer<addrinfo>?
        guard getaddrinfo(host, String(port), &hints, &found) == 0, let info = found else {
            throw SystemError(call: "listen on \(host)", number: EINVAL)
        }
        defer { freeaddrinfo(found) }
        let fd = sluice_socket(info.pointee.ai_family)
        guard fd >= 0 else { throw SystemError(call: "socket") }
        var one: Int32 = 1
        setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, 4)
        var isBound = bind(fd, info.pointee.ai_addr, info.pointee.ai_addrlen) == 0
        if !isBound, errno == EADDRINUSE {
            setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &one, 4)
            isBound = bind(fd, info.pointee.ai_addr, info.pointee.ai_addrlen) == 0
        }
        guard isBound, Glibc.listen(fd, backlog) == 0 else {
            let error = SystemError(call: "bind \(host):\(port)")
            close(fd)
            throw error
        }
        // Of two listeners the system gives new connections to the one that does not share (to both of them over IPv6). It remembers that
        // the address was shared, so a third could join by mistake; it would find the same database and serve as well.
        var no: Int32 = 0
        setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &no, 4)
        return fd
    }

    /// Lets another process of the same user listen on the address of `listener` too, which then gets the new connections.
    package static func admitSuccessor(to listener: Int32) {
        var one: Int32 = 1
        setsockopt(listener, SOL_SOCKET, SO_REUSEPORT, &one, 4)
    }

    package static func localAddress(_ fd: Int32) -> SocketAddress? {
        var storage = sockaddr_storage()
        var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
        let result = withUnsafeMutableBytes(of: &storage) { bytes in
            getsockname(fd, bytes.baseAddress?.assumingMemoryBound(to: sockaddr.self), &length)
        }
        return result == 0 ? SocketAddress(storage) : nil
    }

    package static func disableNagle(_ fd: Int32) {
        var one: Int32 = 1
        setsockopt(fd, Int32(IPPROTO_TCP), TCP_NODELAY, &one, 4)
    }

    /// Makes `close` cut the connection with a reset, which the peer can't take for an orderly end.
    package static func resetOnClose(_ fd: Int32) {
        var now = linger(l_onoff: 1, l_linger: 0)
        setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, socklen_t(MemoryLayout<linger>.size))
    }

    package enum Accepted {
        case connection(fd: Int32, peer: SocketAddress?)
        /// Nothing is waiting.
        case none
        /// The process or the system is out of descriptors or memory, or fails in a way not foreseen: back off, then try again.
        case exhausted
    }

    /// Takes one waiting connection. Errors that concern only the connection being taken (aborted, firewall) are skipped.
    package static func accept(_ listener: Int32) -> Accepted {
        var storage = sockaddr_storage()
        while true {
            let fd = sluice_accept_from(listener, &storage)
            if fd >= 0 { return .connection(fd: fd, peer: SocketAddress(storage)) }
            switch errno {
            case EAGAIN: return .none
            case EMFILE, ENFILE, ENOBUFS, ENOMEM: return .exhausted
            case EINTR, ECONNABORTED, EPERM, EPROTO, ENETDOWN, EHOSTDOWN, EHOSTUNREACH, ENETUNREACH, ENOPROTOOPT:
                continue
            // Unknown: an edge-triggered listener must be tried again, and not at once.
            default: return .exhausted
            }
        }
    }

    package enum Transfer {
        case count(Int)
        case wouldBlock
        case failed(Int32)
    }

    @inline(__always)
    package static func receive(_ fd: Int32, into buffer: UnsafeMutableRawBufferPointer) -> Transfer {
        while true {
            let count = recv(fd, buffer.baseAddress, buffer.count, 0)
            if count >= 0 { return .count(count) }
            if errno == EINTR { continue }
            return errno == EAGAIN ? .wouldBlock : .failed(errno)
        }
    }

    /// Sends at most `count` bytes of a file from `offset` on, without taking them into memory. `.count(0)`: the file ends before.
    package static func send(_ fd: Int32, file: Int32, from offset: Int, count: Int) -> Transfer {
        var position = off_t(offset)
        while true {
            let sent = sendfile(fd, file, &position, count)
            if sent >= 0 { return .count(sent) }
            if errno == EINTR { continue }
            return errno == EAGAIN ? .wouldBlock : .failed(errno)
        }
    }

    @inline(__always)
    package static func send(_ fd: Int32, _ buffer: UnsafeRawBufferPointer) -> Transfer {
        while true {
            let count = sluice_send(fd, buffer.baseAddress, buffer.count)
            if count >= 0 { return .count(count) }
            if errno == EINTR { continue }
            return errno == EAGAIN ? .wouldBlock : .failed(errno)
        }
    }
}

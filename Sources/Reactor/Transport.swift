import COpenSSL
import Glibc

/// The bytes of one connection, plain or through TLS, behind the same two calls as `Socket`'s. Touched only on its loop's thread.
package struct Transport: ~Copyable {
    package let fd: Int32
    private let tls: OpaquePointer?

    /// Takes the descriptor over; it is closed with the value.
    /// - Parameter context: nil: the bytes travel as they are.
    /// - Returns: nil when the library has no session to give; the descriptor is closed then, too.
    package init?(fd: Int32, context: TLSContext?) {
        var session: OpaquePointer?
        if let context {
            session = context.session(over: fd)
            if session == nil {
                close(fd)
                return nil
            }
        }
        self.fd = fd
        tls = session
    }

    deinit {
        if let tls { SSL_free(tls) }
        close(fd)
    }

    /// Whether a read that did not fill its buffer left nothing behind in the socket. Of TLS that is not known: a read ends with a record.
    package var shortReadsDrain: Bool { tls == nil }

    /// A client's first bytes make the handshake inside the first calls.
    @inline(__always)
    package func receive(into buffer: UnsafeMutableRawBufferPointer) -> Socket.Transfer {
        guard let tls else { return Socket.receive(fd, into: buffer) }
        ERR_clear_error()
        let count = SSL_read(tls, buffer.baseAddress, Int32(clamping: buffer.count))
        return count > 0 ? .count(Int(count)) : Self.outcome(of: count, tls)
    }

    /// After `.wouldBlock` the same bytes must be offered again, at whatever address.
    @inline(__always)
    package func send(_ buffer: UnsafeRawBufferPointer) -> Socket.Transfer {
        guard let tls else { return Socket.send(fd, buffer) }
        ERR_clear_error()
        let count = SSL_write(tls, buffer.baseAddress, Int32(clamping: buffer.count))
        return count > 0 ? .count(Int(count)) : Self.outcome(of: count, tls)
    }

    /// Bytes of a file from `offset` on: by the kernel alone in plain, a record at a time through TLS. 0: the file ends before.
    package func send(file: Int32, from offset: Int, count: Int) -> Socket.Transfer {
        guard tls != nil else { return Socket.send(fd, file: file, from: offset, count: count) }
        return withUnsafeTemporaryAllocation(byteCount: 16 * 1024, alignment: 16) { buffer in
            let length = pread(file, buffer.baseAddress, min(count, buffer.count), off_t(offset))
            guard length > 0 else { return length == 0 ? .count(0) : .failed(errno) }
            return send(UnsafeRawBufferPointer(rebasing: buffer[..<length]))
        }
    }

    /// Says that no more will be sent: the end of the TLS stream, so that nobody can cut the answer short unseen, then of the connection.
    package func finishSending() {
        if let tls {
            ERR_clear_error()
            _ = SSL_shutdown(tls)
        }
        shutdown(fd, Int32(SHUT_WR))
    }

    /// Renegotiation is off, so a read never waits for room to write for longer than the handshake's few packets.
    private static func outcome(of result: Int32, _ tls: OpaquePointer) -> Socket.Transfer {
        switch SSL_get_error(tls, result) {
        case SSL_ERROR_WANT_READ, SSL_ERROR_WANT_WRITE: .wouldBlock
        case SSL_ERROR_ZERO_RETURN: .count(0)
        case SSL_ERROR_SYSCALL: .failed(errno)
        default: .failed(EPROTO)
        }
    }
}

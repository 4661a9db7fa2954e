import Base
import COpenSSL
import Synchronization

/// A server's certificate and key, ready for new sessions: TLS 1.2 or newer, ALPN `http/1.1` (RFC 7301).
///
/// Any thread. Sessions keep the certificate they began with.
package final class TLSContext: Sendable {
    package struct Failure: Error, Hashable, Sendable, CustomStringConvertible {
        package let description: String
    }

    private let paths: (certificate: String, key: String)
    private let current: Mutex<Loaded>

    /// Owns one reference; sessions hold their own. The library guards the value's use by several threads.
    private final class Loaded: @unchecked Sendable {
        let pointer: OpaquePointer
        init(pointer: OpaquePointer) { self.pointer = pointer }
        deinit { SSL_CTX_free(pointer) }
    }

    /// - Parameters: paths of PEM files, the certificate with its chain first to last.
    /// - Throws: what is wrong with which file.
    package init(certificate: String, key: String) throws(Failure) {
        paths = (certificate, key)
        current = Mutex(try Self.load(certificate, key))
    }

    /// Reads the files anew for the sessions to come; on failure the old ones stay in use. Blocks on the disk.
    package func reload() throws(Failure) {
        let loaded = try Self.load(paths.certificate, paths.key)
        current.withLock { $0 = loaded }
    }

    /// A server's end over a connected, non-blocking descriptor, which stays the caller's.
    func session(over fd: Int32) -> OpaquePointer? {
        current.withLock { loaded in
            guard let session = SSL_new(loaded.pointer) else { return nil }
            guard SSL_set_fd(session, fd) == 1 else {
                SSL_free(session)
                return nil
            }
            SSL_set_accept_state(session)
            return session
        }
    }

    private static func load(_ certificate: String, _ key: String) throws(Failure) -> Loaded {
        ERR_clear_error()
        guard let pointer = SSL_CTX_new(TLS_server_method()) else { throw failure("TLS can't be set up") }
        let loaded = Loaded(pointer: pointer)
        guard sluice_tls_set_minimum_version(pointer, TLS1_2_VERSION) == 1 else { throw failure("TLS can't be set up") }
        sluice_tls_set_modes(pointer)
        sluice_tls_use_http1(pointer)
        guard SSL_CTX_use_certificate_chain_file(pointer, certificate) == 1 else {
            throw failure("the certificate \(certificate) can't be used")
        }
        guard SSL_CTX_use_PrivateKey_file(pointer, key, SSL_FILETYPE_PEM) == 1 else {
            throw failure("the key \(key) can't be used")
        }
        guard SSL_CTX_check_private_key(pointer) == 1 else {
            throw failure("the key \(key) does not belong to the certificate \(certificate)")
        }
        return loaded
    }

    private static func failure(_ what: String) -> Failure {
        let code = ERR_get_error()
        ERR_clear_error()
        guard code != 0, let reason = ERR_reason_error_string(code) else { return Failure(description: what) }
        return Failure(description: "\(what): \(String(cString: reason))")
    }
}

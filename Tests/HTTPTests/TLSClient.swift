import CLinux
import COpenSSL
import Glibc
import Reactor

/// A client's end of a TLS connection, blocking.
final class TLSClient {
    struct Failure: Error, Equatable { let reason: String }

    let fd: Int32
    private let session: OpaquePointer

    /// - Parameters: the protocols offered by ALPN, and the newest TLS version that is offered.
    init(
        port: UInt16, offering protocols: [String] = [], newest version: Int32 = TLS1_3_VERSION,
        receiveBuffer: Int32? = nil
    ) throws {
        let fd = try loopbackSocket(port: port, receiveBuffer: receiveBuffer)
        self.fd = fd
        guard let context = SSL_CTX_new(TLS_client_method()) else { throw Failure(reason: "context") }
        defer { SSL_CTX_free(context) }
        // The library itself refuses to offer the old versions at its usual level.
        SSL_CTX_set_security_level(context, 0)
        _ = sluice_tls_set_minimum_version(context, TLS1_VERSION)
        _ = SSL_CTX_ctrl(context, SSL_CTRL_SET_MAX_PROTO_VERSION, Int(version), nil)
        guard let session = SSL_new(context) else { throw Failure(reason: "session") }
        self.session = session
        SSL_set_fd(session, fd)
        let offer = protocols.flatMap { [UInt8($0.utf8.count)] + Array($0.utf8) }
        if !offer.isEmpty { SSL_set_alpn_protos(session, offer, UInt32(offer.count)) }
        ERR_clear_error()
        guard SSL_connect(session) == 1 else {
            let reason = ERR_reason_error_string(ERR_get_error()).map { String(cString: $0) }
            throw Failure(reason: reason ?? "handshake")
        }
    }

    deinit {
        SSL_free(session)
        close(fd)
    }

    var version: String { SSL_get_version(session).map { String(cString: $0) } ?? "" }

    /// The protocol the server chose.
    var chosen: String {
        var name: UnsafePointer<UInt8>?
        var length: UInt32 = 0
        SSL_get0_alpn_selected(session, &name, &length)
        return String(decoding: UnsafeBufferPointer(start: name, count: Int(length)), as: UTF8.self)
    }

    /// Of the server's certificate.
    var serialNumber: String {
        guard let certificate = SSL_get1_peer_certificate(session) else { return "" }
        defer { X509_free(certificate) }
        let number = ASN1_INTEGER_to_BN(X509_get0_serialNumber(certificate), nil)
        defer { BN_free(number) }
        guard let text = BN_bn2hex(number) else { return "" }
        defer { CRYPTO_free(text, nil, 0) }
        return String(cString: text)
    }

    func send(_ text: String) throws { try send(Array(text.utf8)) }

    func send(_ bytes: [UInt8]) throws {
        guard SSL_write(session, bytes, Int32(bytes.count)) == Int32(bytes.count) else { throw Failure(reason: "send") }
    }

    /// What has come; nothing at the server's own end of the stream.
    func receive() throws -> [UInt8] {
        var buffer = [UInt8](repeating: 0, count: 64 * 1024)
        let count = SSL_read(session, &buffer, Int32(buffer.count))
        if count > 0 { return Array(buffer[..<Int(count)]) }
        guard SSL_get_error(session, count) == SSL_ERROR_ZERO_RETURN else {
            throw Failure(reason: "the stream ended without a close_notify")
        }
        return []
    }

    /// Up to the server's own end of the stream.
    func rest() throws -> [UInt8] {
        var all: [UInt8] = []
        while case let piece = try receive(), !piece.isEmpty { all += piece }
        return all
    }
}

import COpenSSL
import TestCertificate

extension TestCertificate {
    /// Answers each request on each connection with 200 and the body.
    func server(body: String) -> RawServer {
        RawServer { [path] connection, _ in
            guard let context = SSL_CTX_new(TLS_server_method()) else { return }
            defer { SSL_CTX_free(context) }
            guard SSL_CTX_use_certificate_file(context, path, SSL_FILETYPE_PEM) == 1,
                SSL_CTX_use_PrivateKey_file(context, path, SSL_FILETYPE_PEM) == 1, let tls = SSL_new(context)
            else { return }
            defer { SSL_free(tls) }
            SSL_set_fd(tls, connection.fd)
            guard SSL_accept(tls) == 1 else { return }
            let answer = Array("HTTP/1.1 200 OK\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)".utf8)
            var buffer = [UInt8](repeating: 0, count: 8192)
            while SSL_read(tls, &buffer, Int32(buffer.count)) > 0 {
                SSL_write(tls, answer, Int32(answer.count))
            }
        }
    }
}

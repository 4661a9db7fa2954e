import Glibc

/// A self-signed certificate for 127.0.0.1, made by the `openssl` program, in a directory of its own that goes with the value.
package final class TestCertificate: Sendable {
    private let directory: String
    /// PEM, certificate and key in one file.
    package let path: String

    package struct CouldNotMake: Error {}

    package init() throws {
        var template = Array("\(P_tmpdir)/sluice-certificate-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw CouldNotMake() }
        directory = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        path = directory + "/server.pem"
        try renew()
    }

    /// Another certificate and key at the same path.
    package func renew() throws {
        let command = """
            openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=127.0.0.1 \
            -addext subjectAltName=IP:127.0.0.1 -keyout \(path).new 2>/dev/null >>\(path).new && mv \(path).new \(path)
            """
        guard system(command) == 0 else { throw CouldNotMake() }
    }

    /// Leaves something at the path that is no certificate.
    package func spoil() throws {
        guard system("echo nothing >\(path)") == 0 else { throw CouldNotMake() }
    }

    deinit {
        unlink(path)
        rmdir(directory)
    }
}

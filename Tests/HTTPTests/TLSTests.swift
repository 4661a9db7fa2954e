import COpenSSL
import HTTP
import Reactor
import TestCertificate
import Testing

/// The server behind TLS, with a client of the library's own.
@Suite(.serialized, .timeLimit(.minutes(10))) struct TLSTests {
    @Test func `answers as it does in plain, and ends the stream before the connection`() async throws {
        try await withTLS { server, _ in
            let client = try TLSClient(port: server.port, offering: ["h2", "http/1.1"])
            #expect(client.version == "TLSv1.3" && client.chosen == "http/1.1")
            let requests = (1...50).map { "GET /number/\($0) HTTP/1.1\r\nHost: a\r\n\r\n" }.joined()
            try client.send(requests + "GET /number/51 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
            let text = String(decoding: try client.rest(), as: UTF8.self)
            let numbers = text.split(separator: "\r\n\r\n").dropFirst().compactMap {
                $0.split(separator: "HTTP/1.1").first.map(String.init)
            }
            #expect(numbers == (1...51).map { "number \($0)" })
        }
    }

    @Test func `bodies of many records go both ways`() async throws {
        let half = String(repeating: "0123456789abcdef", count: 4_000)
        try await withTLS { server, _ in
            let client = try TLSClient(port: server.port)
            try client.send("POST /echo HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 128000\r\n\r\n")
            try client.send(half)
            try client.send(half)
            let answer = String(decoding: try client.rest(), as: UTF8.self)
            #expect(answer.hasPrefix("HTTP/1.1 200") && answer.hasSuffix("\r\n\r\n" + half + half))
        }
    }

    @Test(arguments: [
        (TLS1_VERSION, false), (TLS1_1_VERSION, false), (TLS1_2_VERSION, true), (TLS1_3_VERSION, true),
    ])
    func `versions before 1_2 are refused`(version: Int32, isTaken: Bool) async throws {
        try await withTLS { server, _ in
            let client = try? TLSClient(port: server.port, newest: version)
            #expect((client != nil) == isTaken)
        }
    }

    @Test func `a client that speaks only another protocol is told so`() async throws {
        try await withTLS { server, _ in
            #expect(throws: TLSClient.Failure.self) { try TLSClient(port: server.port, offering: ["h2"]) }
            let client = try TLSClient(port: server.port, offering: ["http/1.1"])
            #expect(client.chosen == "http/1.1")
        }
    }

    @Test func `what is no handshake is closed, and others are served on`() async throws {
        try await withTLS { server, _ in
            for noise in ["GET / HTTP/1.1\r\nHost: a\r\n\r\n", "\u{16}\u{3}\u{1}\u{0}\u{5}junk!", "\u{0}"] {
                let plain = try RawClient(port: server.port)
                try plain.send(noise)
                plain.finishSending()
                // Closed in order or by a reset, but never answered.
                let heard = (try? plain.rest()) ?? []
                #expect(!String(decoding: heard, as: UTF8.self).contains("200 OK"))
            }
            let client = try TLSClient(port: server.port)
            try client.send("GET /number/1 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
            #expect(String(decoding: try client.rest(), as: UTF8.self).hasSuffix("number 1"))
        }
    }

    @Test func `a reload serves the new certificate to newcomers, and keeps the old one when the new is bad`()
        async throws
    {
        let certificate = try TestCertificate()
        let tls = try TLSContext(certificate: certificate.path, key: certificate.path)
        try await withServer(tls: tls) { server in
            let first = try TLSClient(port: server.port)
            try certificate.renew()
            #expect(try TLSClient(port: server.port).serialNumber == first.serialNumber)
            try tls.reload()
            let second = try TLSClient(port: server.port).serialNumber
            #expect(second != first.serialNumber)
            // A conversation goes on with what it began with.
            try first.send("GET /number/7 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
            #expect(String(decoding: try first.rest(), as: UTF8.self).hasSuffix("number 7"))

            try certificate.spoil()
            #expect(throws: TLSContext.Failure.self) { try tls.reload() }
            #expect(try TLSClient(port: server.port).serialNumber == second)
        }
    }

    @Test func `says which file is wrong`() throws {
        let one = try TestCertificate()
        let other = try TestCertificate()
        let missing = #expect(throws: TLSContext.Failure.self) {
            try TLSContext(certificate: "/nowhere/a.pem", key: one.path)
        }
        #expect(missing?.description.contains("/nowhere/a.pem") == true)
        let keyless = #expect(throws: TLSContext.Failure.self) {
            try TLSContext(certificate: one.path, key: "/nowhere/b.pem")
        }
        #expect(keyless?.description.contains("/nowhere/b.pem") == true)
        let foreign = #expect(throws: TLSContext.Failure.self) {
            try TLSContext(certificate: one.path, key: other.path)
        }
        #expect(foreign?.description.contains(other.path) == true)
    }

    private func withTLS(_ body: (Server, TLSContext) async throws -> Void) async throws {
        let certificate = try TestCertificate()
        let tls = try TLSContext(certificate: certificate.path, key: certificate.path)
        try await withServer(tls: tls) { try await body($0, tls) }
    }
}

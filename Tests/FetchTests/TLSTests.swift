import Base
import Fetch
import TestCertificate
import Testing

@Suite struct TLSTests {
    @Test func `a self-signed certificate is an error`() async throws {
        let certificate = try TestCertificate()
        let server = certificate.server(body: "never seen")
        let error = await (try TestLoop()).failure(of: OutgoingRequest(.get, "https://127.0.0.1:\(server.port)/"))
        guard case .tls(let reason) = error else {
            Issue.record("expected a TLS error, got \(String(describing: error))")
            return
        }
        #expect(reason.contains("certificate"))
        #expect(error?.mayHaveBeenReceived == false)
    }

    @Test func `a trusted certificate is accepted, for its own host only`() async throws {
        let certificate = try TestCertificate()
        let server = certificate.server(body: "hello")
        let test = try TestLoop(options: FetchOptions(authorities: certificate.path))
        let response = try await test.fetch.send(OutgoingRequest(.get, "https://127.0.0.1:\(server.port)/"))
        #expect(String(decoding: response.body, as: UTF8.self) == "hello")
        let error = await test.failure(of: OutgoingRequest(.get, "https://localhost:\(server.port)/"))
        guard case .tls = error else {
            Issue.record("expected a TLS error, got \(String(describing: error))")
            return
        }
    }

    @Test func `a server that speaks no TLS is an error`() async throws {
        let server = RawServer { connection, _ in
            _ = connection.read()
            connection.answer()
        }
        let error = await (try TestLoop()).failure(of: OutgoingRequest(.get, "https://127.0.0.1:\(server.port)/"))
        guard case .tls = error else {
            Issue.record("expected a TLS error, got \(String(describing: error))")
            return
        }
    }

    @Test func `goes through the proxy for https only`() async throws {
        let certificate = try TestCertificate()
        let server = certificate.server(body: "hello")
        let proxy = RawServer { connection, _ in
            guard let request = connection.request() else { return }
            connection.answer(request.line.hasPrefix("CONNECT") ? "407 Proxy Authentication Required" : "200 OK")
        }
        // Loopback is never asked through a proxy, so the name must be another; nobody has to resolve it.
        let test = try TestLoop(options: FetchOptions(proxy: .init("http://127.0.0.1:\(proxy.port)")))
        let error = await test.failure(of: OutgoingRequest(.get, "https://tracker.invalid/"))
        #expect(error.map { "\($0)" } == "the proxy answered 407")
        let plain = await test.failure(of: OutgoingRequest(.get, "http://tracker.invalid/"))
        #expect(plain == .couldNotResolve(host: "tracker.invalid"))
        let direct = await test.failure(of: OutgoingRequest(.get, "https://127.0.0.1:\(server.port)/"))
        guard case .tls = direct else {
            Issue.record("loopback went through the proxy: \(String(describing: direct))")
            return
        }
    }
}

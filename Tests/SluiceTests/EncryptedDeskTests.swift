import Base
import Fetch
import Glibc
import Reactor
import TestCertificate
import TestDesk
import Testing
import TestGround

/// The program behind its own TLS.
@Suite(.timeLimit(.minutes(10))) struct EncryptedDeskTests {
    @Test func `serves https, marks its cookies, and takes a renewed certificate on SIGHUP`() async throws {
        try await withTestDatabaseURL { url in
            let certificate = try TestCertificate()
            let (desk, address) = try ProgramProcess.serve([
                "DATABASE_URL": url.reveal(), "KEITARO_URL": "http://127.0.0.1:9", "LOG_LEVEL": "error",
                "SECRET_KEY": "a secret of the tests alone", "TLS_CERTIFICATE": certificate.path,
                "TLS_KEY": certificate.path,
            ])
            try #require(address.hasPrefix("https://127.0.0.1:"))
            try await onLoop { loop in
                let trusting = Fetch(loops: [loop], options: FetchOptions(authorities: certificate.path))
                let login = try await trusting.send(OutgoingRequest(.get, "\(address)/users/login/"))
                #expect(login.status == 200)
                let cookies = login.headers.all("set-cookie")
                #expect(!cookies.isEmpty && cookies.allSatisfy { $0.contains("; Secure") })
                await trusting.close()

                try certificate.renew()
                kill(desk.pid, SIGHUP)
                // Who trusts only the new certificate is let in once it is served.
                let isRenewed = try await eventually(loop) {
                    let renewed = Fetch(loops: [loop], options: FetchOptions(authorities: certificate.path))
                    let answer = try? await renewed.send(OutgoingRequest(.get, "\(address)/health"))
                    await renewed.close()
                    return answer?.status == 200
                }
                #expect(isRenewed)
            }
            #expect(desk.end(SIGTERM) == 0)
        }
    }

    @Test func `a certificate that can't be used is named at the start`() async throws {
        try await withTestDatabaseURL { url in
            let settings = [
                "DATABASE_URL": url.reveal(), "TLS_CERTIFICATE": "/nowhere/chain.pem", "TLS_KEY": "/nowhere/key.pem",
            ]
            let desk = try ProgramProcess(sluice: ["serve"], settings)
            #expect(desk.end(0) == 1)
        }
    }
}

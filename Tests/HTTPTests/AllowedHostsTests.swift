import Testing

@testable import HTTP

@Suite struct AllowedHostsTests {
    private let hosts = AllowedHosts(["desk.example.com", "127.0.0.1", "::1", "[::2]"])

    @Test(arguments: [
        ("desk.example.com", true), ("desk.example.com:8080", true), ("DESK.Example.com", true),
        ("desk.example.com.", true), ("desk.example.com.:443", true), ("127.0.0.1:80", true), ("[::1]", true),
        ("[::1]:8080", true), ("[::2]:1", true), ("[::3]", false), ("example.com", false), ("evil.example", false),
        ("desk.example.com.evil.example", false),
        ("xdesk.example.com", false), ("", false), (":8080", false), ("[", false), ("[]", false), (".", false),
        ("desk.example.com@evil.example", false),
    ])
    func `a host name is admitted or not, whatever its port and case`(host: String, isAdmitted: Bool) {
        #expect(hosts.admits(host) == isAdmitted)
    }

    @Test func `a request without a name is refused when names are listed`() {
        #expect(!hosts.admits(nil))
        #expect(AllowedHosts([]).admits(nil))
        #expect(AllowedHosts([]).admits("anything.example"))
    }
}

import Base
import HTTP
import Reactor
import TestDesk
import Testing

@testable import Accounts

struct ClientAddressTests {
    @Test func `a plausible path leads on, nothing else does`() {
        #expect(LoginForm.next("/campaigns/5/") == "/campaigns/5/")
        for wanted in [nil, "", "campaigns", "//x", "/\\x", "/users/login/", "/a b", "/é"] {
            #expect(LoginForm.next(wanted) == "/campaigns/")
        }
    }

    @Test func `a form's token belongs to its cookie and to the server's secret`() {
        let form = LoginForm(SecretKey(Secret("a secret of the tests alone")))
        let other = LoginForm(SecretKey(Secret("another secret of the tests")))
        let token = form.token(for: "nonce")
        #expect(form.isGenuine(token, nonce: "nonce"))
        #expect(!form.isGenuine(token, nonce: "other"))
        #expect(!form.isGenuine(token, nonce: nil))
        #expect(!other.isGenuine(token, nonce: "nonce"))
        #expect(!form.isGenuine("", nonce: "nonce"))
        #expect(!form.isGenuine(token, nonce: String(repeating: "n", count: 129)))
    }

    @Test func `a request without a peer has no address`() throws {
        let request = try Request.make(headers: [("X-Forwarded-For", "203.0.113.1")])
        #expect(ClientAddress.of(request, trusting: AddressList()) == "unknown")
    }

    @Test(
        arguments: [
            ("1.2.3.4", "1.2.3.4"), (" 1.2.3.4 ", "1.2.3.4"), ("1.2.3.4:5678", "1.2.3.4"), ("1.2.3.4:0", "1.2.3.4"),
            ("::1", "::1"), ("2001:db8::1", "2001:db8::1"), ("[::1]", "::1"), ("[::1]:443", "::1"),
            ("[2001:db8::1]:65535", "2001:db8::1"), ("1.2.3.4:", nil), ("1.2.3.4:65536", nil), ("1.2.3.4:-1", nil),
            ("1.2.3.4:+1", nil), ("1.2.3.4:a", nil), ("[1.2.3.4]", nil), ("[1.2.3.4]:80", nil), ("[::1", nil),
            ("[::1]443", nil), ("[::1]:", nil), ("[::1]:70000", nil), ("::1]:443", nil), ("[]", nil), ("[", nil),
            ("unknown", nil), ("a:1", nil), (":1", nil), (":", nil), ("", nil),
        ] as [(String, String?)])
    func `an entry of X-Forwarded-For is an address, with a port or without`(entry: String, address: String?) {
        #expect(ClientAddress.address(in: entry)?.description == address)
    }

    @Test func `a key is sealed anew each time, and found by the same hash`() throws {
        let vault = KeyVault(SecretKey(Secret("a secret of the tests alone")))
        let key = Secret("keitaro key")
        let one = try vault.seal(key)
        let two = try vault.seal(key)
        #expect(one != two)
        #expect(try vault.open(one) == key)
        #expect(try vault.open(two) == key)
        #expect(vault.lookup(key) == vault.lookup(key) && vault.lookup(key) != vault.lookup(Secret("other")))
        let other = KeyVault(SecretKey(Secret("another secret of the tests")))
        #expect(throws: CryptographyError.self) { try other.open(one) }
        #expect(other.lookup(key) != vault.lookup(key))
        for index in one.indices {
            var tampered = one
            tampered[index] ^= 1
            #expect(throws: CryptographyError.self) { try vault.open(tampered) }
        }
        #expect(throws: CryptographyError.self) { try vault.open([]) }
    }

    @Test func `what can't be a token is not looked up`() {
        #expect(BearerToken.hash("short") == nil)
        #expect(BearerToken.hash(String(repeating: "x", count: 129)) == nil)
        #expect(BearerToken.hash(BearerToken.make()) != nil)
        #expect(BearerToken.make() != BearerToken.make())
    }
}

import Base
import Testing

@Suite struct IPAddressTests {
    @Test(arguments: [
        ("0.0.0.0", "0.0.0.0"), ("127.0.0.1", "127.0.0.1"), ("255.255.255.255", "255.255.255.255"), ("::", "::"),
        ("::1", "::1"), ("1::", "1::"), ("2001:DB8::1", "2001:db8::1"), ("2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"),
        ("2001:0db8:0000:0000:0000:0000:0000:0001", "2001:db8::1"), ("2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"),
        ("1:0:0:2:0:0:0:3", "1:0:0:2::3"), ("::ffff:192.0.2.1", "::ffff:192.0.2.1"),
        ("::ffff:c000:201", "::ffff:192.0.2.1"), ("64:ff9b::192.0.2.33", "64:ff9b::c000:221"),
        ("1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0"), ("::2:3:4:5:6:7:8", "0:2:3:4:5:6:7:8"),
        ("1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7:8"),
        ("1:2:3:4:5:6:1.2.3.4", "1:2:3:4:5:6:102:304"), ("1:2:3::5:6:7:8", "1:2:3:0:5:6:7:8"),
    ])
    func `reads any form and writes the canonical one`(_ text: String, _ canonical: String) {
        #expect(IPAddress(text)?.description == canonical)
        #expect(IPAddress(canonical) == IPAddress(text))
    }

    @Test(arguments: [
        "", ".", "...", "1.2.3", "1.2.3.4.5", "256.1.1.1", "01.2.3.4", "1.2.3.", ".1.2.3", "1..2.3", "1.2.3.4 ",
        " 1.2.3.4",
        "1.2.3.-4", "+1.2.3.4", "0x1.2.3.4", "1.2.3.4/8", "1.2.3.9999999999999999999", ":", ":::", "::::", "1:", ":1",
        "1:2",
        "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9", "1::2::3", "::1::", "1:::2", "12345::", "g::", "::1%eth0", "[::1]",
        "1:2:3:4:5:6:7:8::", "::1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7:1.2.3.4", "::1.2.3", "::1.2.3.4:5", "1.2.3.4::",
        "::01.2.3.4",
        "1:2:3:4:5:6:7:", ":2:3:4:5:6:7:8", "::\0", "é", "localhost", "１.2.3.4",
    ])
    func `refuses what is no address`(_ text: String) {
        #expect(IPAddress(text) == nil)
    }

    @Test func `a mapped address stands for the IPv4 one`() {
        #expect(IPAddress("::ffff:10.1.2.3")?.unmapped == IPAddress("10.1.2.3"))
        #expect(IPAddress("::10.1.2.3")?.unmapped == IPAddress("::10.1.2.3"))
        #expect(IPAddress("10.1.2.3")?.unmapped == .v4(0x0A01_0203))
    }

    @Test(
        arguments: [
            (
                "10.0.0.0/8", ["10.0.0.0", "10.255.255.255", "::ffff:10.1.1.1"],
                ["11.0.0.0", "9.255.255.255", "::1", "::a00:1"]
            ),
            ("10.1.2.3/8", ["10.9.9.9"], ["11.1.2.3"]), ("192.0.2.1", ["192.0.2.1"], ["192.0.2.2", "192.0.2.0"]),
            ("192.0.2.128/25", ["192.0.2.128", "192.0.2.255"], ["192.0.2.127"]),
            ("0.0.0.0/0", ["1.2.3.4", "::ffff:1.2.3.4"], ["::1"]),
            ("2001:db8::/32", ["2001:db8::1", "2001:db8:ffff::"], ["2001:db9::", "10.0.0.1"]),
            ("2001:db8::/64", ["2001:db8::ffff:0:0:1"], ["2001:db8:0:1::"]),
            ("2001:db8::/65", ["2001:db8::1"], ["2001:db8::8000:0:0:1"]),
            ("::1", ["::1"], ["::2", "::"]), ("::/0", ["::1", "ffff::"], ["10.0.0.1"]),
            ("::ffff:10.0.0.0/104", ["10.1.1.1"], ["11.1.1.1"]),
            ("fd00::/8", ["fdff::1"], ["fc00::1"]),
        ] as [(String, [String], [String])])
    func `a block contains its own`(_ text: String, _ inside: [String], _ outside: [String]) throws {
        let range = try #require(AddressRange(text))
        for text in inside { #expect(range.contains(try #require(IPAddress(text)))) }
        for text in outside { #expect(!range.contains(try #require(IPAddress(text)))) }
        #expect(AddressRange(range.description) == range)
    }

    @Test(arguments: [
        "", "/", "10.0.0.0/", "10.0.0.0/33", "::/129", "10.0.0.0/-1", "10.0.0.0/08", "10.0.0.0/8/8", "10.0.0.0/ 8",
        "/8", "a/8", "10.0.0.0/9999999999999999999999",
    ])
    func `refuses what is no block`(_ text: String) {
        #expect(AddressRange(text) == nil)
    }

    @Test func `a list is all of its blocks or nothing`() throws {
        let list = try #require(AddressList(" 10.0.0.0/8, ::1,,192.0.2.1 "))
        #expect(list.ranges.count == 3)
        #expect(list.contains(.v4(0xC000_0201)))
        #expect(!list.contains(.v4(0xC000_0202)))
        #expect(AddressList("10.0.0.0/8,proxy") == nil)
        #expect(try #require(AddressList("")).isEmpty)
        #expect(!AddressList().contains(.v4(0)))
    }

    @Test func `rubbish never traps`() {
        var random = SeededGenerator(seed: 4)
        let letters = Array("0123456789abcdf:./%".unicodeScalars)
        for _ in 0..<30_000 {
            var text = String.UnicodeScalarView()
            for _ in 0..<Int.random(in: 0...24, using: &random) {
                text.append(letters.randomElement(using: &random) ?? ":")
            }
            if let address = IPAddress(String(text)) { #expect(IPAddress(address.description) == address) }
            if let range = AddressRange(String(text)) { #expect(range.contains(range.first)) }
        }
    }
}

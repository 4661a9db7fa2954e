import Testing

@testable import Base

@Suite struct CryptographyTests {
    // FIPS 180-4 examples.
    @Test(arguments: [
        ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
        ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
        (
            "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
        ),
        (String(repeating: "a", count: 1_000_000), "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"),
    ])
    func `SHA-256 gives the known answers`(_ text: String, _ expected: String) {
        #expect(Hex.encode(SHA256.hash(text)) == expected)
        var pieces = SHA256()
        for start in stride(from: 0, to: text.utf8.count, by: 7_919) {
            pieces.update(Array(text.utf8.dropFirst(start).prefix(7_919)))
        }
        #expect(Hex.encode(pieces.finish()) == expected)
    }

    // RFC 4231 §4, and the empty key.
    @Test(
        arguments: [
            (
                Array(repeating: 0x0B, count: 20), "Hi There",
                "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"
            ),
            (
                Array("Jefe".utf8), "what do ya want for nothing?",
                "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
            ),
            (
                Array(repeating: 0xAA, count: 131), "Test Using Larger Than Block-Size Key - Hash Key First",
                "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"
            ),
            (
                Array(repeating: 0xAA, count: 131),
                "This is a test using a larger than block-size key and a larger than block-size data. The key needs to be "
                    + "hashed before being used by the HMAC algorithm.",
                "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2"
            ),
            ([], "", "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad"),
        ] as [([UInt8], String, String)])
    func `HMAC-SHA256 gives the known answers`(_ key: [UInt8], _ message: String, _ expected: String) {
        #expect(Hex.encode(HMAC.sha256(key: key, Array(message.utf8))) == expected)
    }

    struct Sealed: Sendable {
        var key, nonce, plaintext, associatedData, ciphertext, tag: String
    }

    // Test cases 13 to 16 of the GCM specification that NIST SP 800-38D adopted.
    static let vectors = [
        Sealed(
            key: String(repeating: "0", count: 64), nonce: String(repeating: "0", count: 24), plaintext: "",
            associatedData: "", ciphertext: "", tag: "530f8afbc74536b9a963b4f1c4cb738b"),
        Sealed(
            key: String(repeating: "0", count: 64), nonce: String(repeating: "0", count: 24),
            plaintext: String(repeating: "0", count: 32), associatedData: "",
            ciphertext: "cea7403d4d606b6e074ec5d3baf39d18", tag: "d0d1c8a799996bf0265b98b5d48ab919"),
        Sealed(
            key: "feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308", nonce: "cafebabefacedbaddecaf888",
            plaintext:
                "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b525"
                + "b16aedf5aa0de657ba637b391aafd255",
            associatedData: "",
            ciphertext:
                "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa8cb08e48590dbb3da7b08b1056828838"
                + "c5f61e6393ba7a0abcc9f662898015ad",
            tag: "b094dac5d93471bdec1a502270e3cc6c"),
        Sealed(
            key: "feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308", nonce: "cafebabefacedbaddecaf888",
            plaintext:
                "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b525"
                + "b16aedf5aa0de657ba637b39",
            associatedData: "feedfacedeadbeeffeedfacedeadbeefabaddad2",
            ciphertext:
                "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa8cb08e48590dbb3da7b08b1056828838"
                + "c5f61e6393ba7a0abcc9f662",
            tag: "76fc6ece0f4e1768cddf8853bb2d551b"),
    ]

    @Test(arguments: vectors)
    func `AES-256-GCM gives the known answers`(_ vector: Sealed) throws {
        let key = try #require(Hex.decode(vector.key).flatMap { SymmetricKey($0) })
        let plaintext = try #require(Hex.decode(vector.plaintext))
        let data = try #require(Hex.decode(vector.associatedData))
        let nonce = try #require(Hex.decode(vector.nonce))
        let sealed = try AES256GCM.seal(plaintext, key: key, associatedData: data, nonce: nonce)
        #expect(Hex.encode(sealed) == vector.nonce + vector.ciphertext + vector.tag)
        #expect(try AES256GCM.open(sealed, key: key, associatedData: data) == plaintext)
    }

    @Test(arguments: [0, 1, 15, 16, 17, 1_000])
    func `any changed bit is noticed`(_ count: Int) throws {
        let key = SymmetricKey.random()
        let plaintext = RandomBytes.make(count)
        let data = Array("keitaro_profiles.api_key/7".utf8)
        let sealed = try AES256GCM.seal(plaintext, key: key, associatedData: data)
        #expect(try AES256GCM.open(sealed, key: key, associatedData: data) == plaintext)
        #expect(sealed.count == count + 28)
        for place in sealed.indices {
            var altered = sealed
            altered[place] ^= 1 << UInt8(place % 8)
            #expect(throws: CryptographyError.notAuthentic) {
                try AES256GCM.open(altered, key: key, associatedData: data)
            }
        }
        #expect(throws: CryptographyError.notAuthentic) {
            try AES256GCM.open(sealed, key: .random(), associatedData: data)
        }
        #expect(throws: CryptographyError.notAuthentic) {
            try AES256GCM.open(sealed, key: key, associatedData: data + [0])
        }
        #expect(throws: CryptographyError.notAuthentic) { try AES256GCM.open(sealed, key: key, associatedData: []) }
        #expect(throws: CryptographyError.notAuthentic) {
            try AES256GCM.open(sealed + [0], key: key, associatedData: data)
        }
        for length in 0..<28 {
            #expect(throws: CryptographyError.malformed) {
                try AES256GCM.open(Array(sealed.prefix(length)), key: key, associatedData: data)
            }
        }
    }

    @Test func `two seals of one text differ`() throws {
        let key = SymmetricKey.random()
        #expect(
            try AES256GCM.seal([1, 2, 3], key: key, associatedData: [])
                != AES256GCM.seal([1, 2, 3], key: key, associatedData: []))
    }

    @Test func `a key is 32 bytes and says nothing of them`() throws {
        #expect(SymmetricKey([]) == nil)
        #expect(SymmetricKey(Array(repeating: 1, count: 31)) == nil)
        #expect(SymmetricKey(Array(repeating: 1, count: 33)) == nil)
        let key = try #require(SymmetricKey(Array(repeating: 171, count: 32)))
        var dumped = ""
        dump(key, to: &dumped)
        #expect(!"\(key) \(String(reflecting: key)) \(dumped)".contains("171"))
    }

    @Test func `random bytes are as many as asked and never the same`() {
        for count in [0, 1, 255, 256, 257, 1_000] { #expect(RandomBytes.make(count).count == count) }
        #expect(RandomBytes.make(-1).isEmpty)
        #expect(Set((0..<1_000).map { _ in RandomBytes.token(bytes: 16) }).count == 1_000)
        #expect(RandomBytes.token().utf8.count == 43)
        #expect(RandomBytes.make(600).suffix(88).contains { $0 != 0 })
    }

    @Test func `constant-time equality is equality`() {
        #expect(ConstantTime.equal([], [] as [UInt8]))
        #expect(ConstantTime.equal([1, 2, 3], [1, 2, 3]))
        #expect(!ConstantTime.equal([1, 2, 3], [1, 2, 4]))
        #expect(!ConstantTime.equal([1, 2, 3], [0, 2, 3]))
        #expect(!ConstantTime.equal([1, 2, 3], [1, 2]))
        #expect(ConstantTime.equal("token", "token"))
        // Equal to Swift's ==, other bytes: not the same secret.
        #expect(!ConstantTime.equal("\u{E9}", "e\u{301}"))
    }

    // RFC 4648 §10.
    @Test(arguments: [
        ("", ""), ("f", "Zg"), ("fo", "Zm8"), ("foo", "Zm9v"), ("foob", "Zm9vYg"), ("fooba", "Zm9vYmE"),
        ("foobar", "Zm9vYmFy"),
        ("\u{3FF}\u{3FF}?>", "z7_Pvz8-"),
    ])
    func `base64url gives the known answers`(_ text: String, _ expected: String) {
        #expect(Base64URL.encode(Array(text.utf8)) == expected)
        #expect(Base64URL.decode(expected) == Array(text.utf8))
    }

    @Test(arguments: ["A", "Zg==", "Zh", "Zm9", "Zm+v", "Zm/v", "Zm9v ", "Zm9vYmFyé", "AAAAA"])
    func `base64url refuses other spellings`(_ text: String) {
        #expect(Base64URL.decode(text) == nil)
    }

    @Test func `hex and base64url read back all that they write`() {
        for count in 0..<100 {
            let bytes = RandomBytes.make(count)
            #expect(Hex.decode(Hex.encode(bytes)) == bytes)
            #expect(Base64URL.decode(Base64URL.encode(bytes)) == bytes)
        }
        #expect(Hex.encode([0, 0x0F, 0xA5, 0xFF]) == "000fa5ff")
        #expect(Hex.decode("00Fa") == [0, 0xFA])
        for text in ["0", "0g", "00 ", "é0"] { #expect(Hex.decode(text) == nil) }
    }
}

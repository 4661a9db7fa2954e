import Base
import Testing

@Suite struct SecretKeyTests {
    private func answer(_ key: SecretKey) -> [String] {
        SecretKey.Purpose.allCases.map { Hex.encode(HMAC.sha256(key: key.key(for: $0), "message")) }
    }

    @Test func `is made once and kept for the owner alone`() throws {
        let directory = try TemporaryDirectory()
        let data = directory.path + "/deep/data"
        let first = try SecretKey.load(configured: nil, dataDirectory: data)
        let again = try SecretKey.load(configured: nil, dataDirectory: data)
        #expect(answer(first) == answer(again))
        #expect(directory.mode("deep/data/secret_key") == 0o600)
        #expect(directory.mode("deep/data") == 0o700)
        #expect(try FileSystem.list(data) == ["secret_key"])
        #expect(try FileSystem.read(data + "/secret_key", limit: 100).count == 65)
    }

    @Test func `many that start at once agree`() async throws {
        let directory = try TemporaryDirectory()
        let path = directory.path
        let answers = try await withThrowingTaskGroup { group in
            for _ in 0..<32 {
                group.addTask { @concurrent in self.answer(try SecretKey.load(configured: nil, dataDirectory: path)) }
            }
            return try await group.reduce(into: Set<[String]>()) { $0.insert($1) }
        }
        #expect(answers.count == 1)
        #expect(try FileSystem.list(path) == ["secret_key"])
    }

    @Test func `the configured one comes before the file and makes none`() throws {
        let directory = try TemporaryDirectory()
        let secret = Secret("a secret of the operator's")
        let key = try SecretKey.load(configured: secret, dataDirectory: directory.path)
        #expect(answer(key) == answer(SecretKey(secret)))
        #expect(try FileSystem.list(directory.path) == [])
    }

    @Test func `a file that holds no secret is left alone`() throws {
        let directory = try TemporaryDirectory()
        let path = directory.path + "/secret_key"
        try FileSystem.write(Array("short\n".utf8), to: path)
        #expect(throws: SystemError.self) { try SecretKey.load(configured: nil, dataDirectory: directory.path) }
        #expect(try FileSystem.read(path, limit: 100) == Array("short\n".utf8))
    }

    @Test func `each purpose has a key of its own that never changes`() {
        let answers = answer(SecretKey(Secret("0123456789abcdef")))
        #expect(Set(answers).count == SecretKey.Purpose.allCases.count)
        #expect(Set(answers).isDisjoint(with: answer(SecretKey(Secret("0123456789abcdeg")))))
        // Computed by hand: HMAC(HMAC(SHA-256(secret), label), "message"). A change here would orphan sealed rows.
        #expect(answers.first == "595e6f56ea8d96adf0b96f4a09e393b01b2b5915590c24df06e6513b501891ac")
    }
}

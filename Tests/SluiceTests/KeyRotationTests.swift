import Accounts
import Base
import Glibc
import Postgres
import Reactor
import TestDesk
import Testing
import TestGround

@testable import Sluice

/// `key rotate`: every stored key opens with the new secret, wherever the rotation was interrupted.
@Suite(.timeLimit(.minutes(10))) struct KeyRotationTests {
    private static let first = "the first secret of the tests"
    private static let keys = (0..<40).map { "key-number-\($0)" }

    private static func store(_ database: Database, _ secret: String) -> AccountStore {
        AccountStore(database: database, vault: KeyVault(SecretKey(Secret(secret))))
    }

    /// A database with forty keys sealed with the first secret, and a data directory that holds it.
    private func withSealedKeys(
        _ body: (_ url: Secret, _ directory: String, _ settings: [String: String]) async throws -> Void
    ) async throws {
        try await withTemporaryFolder("place") { place in
            try await withTestDatabaseURL { url in
                let directory = "\(place)/data"
                try FileSystem.makeDirectories(directory, mode: 0o700)
                try SecretKeyFile(dataDirectory: directory).write(Secret(Self.first))
                try await onLoop { loop in
                    let database = try Database(url: url, loops: [loop], log: .silent)
                    let store = Self.store(database, Self.first)
                    let tracker = try await store.moveTracker(name: "trk", to: "http://trk.example")
                    for key in Self.keys {
                        try await store.seedUser(name: key, role: .buyer, key: Secret(key), tracker: tracker)
                    }
                    await database.close()
                }
                try await body(url, directory, ["DATA_DIR": directory, "DATABASE_URL": url.reveal()])
            }
        }
    }

    /// The keys that the secret opens, and whether each is found by itself: a login makes no second user.
    private func opened(_ url: Secret, with secret: String) async throws -> [String] {
        try await onLoop { loop in
            let database = try Database(url: url, loops: [loop], log: .silent)
            let store = Self.store(database, secret)
            let ids = try await database.query("SELECT id FROM keitaro_keys ORDER BY id").map {
                try $0.get("id", Int64.self)
            }
            var found: [String] = []
            for id in ids {
                guard let key = try? await store.key(id: id) else { continue }
                let admitted = try await store.admit(key.secret, to: key.tracker, name: "again")
                if admitted?.keyID == id { found.append(key.secret.reveal()) }
            }
            await database.close()
            return found
        }
    }

    private func secret(in directory: String) throws -> String {
        let files = SecretKeyFile(dataDirectory: directory)
        #expect(try files.next() == nil)
        return try #require(try files.current()).reveal()
    }

    @Test func `all keys open with a new secret and none with the old one`() async throws {
        try await withSealedKeys { (url, directory, settings) async throws in
            #expect(try ProgramProcess.status(["key", "rotate"], settings) == 0)
            let second = try secret(in: directory)
            #expect(second != Self.first)
            #expect(try await opened(url, with: second) == Self.keys)
            #expect(try await opened(url, with: Self.first).isEmpty)
            #expect(try ProgramProcess.status(["key", "rotate"], settings) == 0)
            #expect(try await opened(url, with: secret(in: directory)) == Self.keys)
        }
    }

    @Test func `killed at any moment, it is finished by whoever starts next`() async throws {
        try await withSealedKeys { (url, directory, settings) async throws in
            let files = SecretKeyFile(dataDirectory: directory)
            for round in 0..<6 {
                let before = try #require(try files.current()).reveal()
                let rotation = try ProgramProcess(sluice: ["key", "rotate"], settings)
                // The next secret is written first; then, a little deeper in with each round.
                while FileSystem.kind(of: files.nextPath) == nil, try files.current()?.reveal() == before {
                    sched_yield()
                }
                for _ in 0..<(round * 200) { sched_yield() }
                rotation.end(SIGKILL)
                let next = round.isMultiple(of: 2) ? ["key", "rotate"] : ["token", "list"]
                #expect(try ProgramProcess.status(next, settings) == 0)
                #expect(try secret(in: directory) != before)
                #expect(try await opened(url, with: secret(in: directory)) == Self.keys, "round \(round)")
            }
        }
    }

    @Test(arguments: [false, true])
    func `an interruption before or after the rows is finished with the same next secret`(hasRows: Bool) async throws {
        try await withSealedKeys { (url, directory, settings) async throws in
            let next = try SecretKeyFile(dataDirectory: directory).prepareNext().reveal()
            if hasRows {
                try await onLoop { loop in
                    let database = try Database(url: url, loops: [loop], log: .silent)
                    let result = try await Self.store(database, next).resealKeys(
                        from: KeyVault(SecretKey(Secret(Self.first))), to: KeyVault(SecretKey(Secret(next))))
                    #expect(result.count == Self.keys.count && result.alreadyDone == 0 && result.unreadable == 0)
                    await database.close()
                }
            }
            #expect(try ProgramProcess.status(["token", "list"], settings) == 0)
            #expect(try secret(in: directory) == next)
            #expect(try await opened(url, with: next) == Self.keys)
        }
    }

    @Test func `a secret in the settings is changed with the former one in a file`() async throws {
        try await withSealedKeys { (url, directory, settings) async throws in
            let second = "the second secret of the tests"
            var settings = settings
            settings["SECRET_KEY"] = second
            #expect(try ProgramProcess.status(["key", "rotate"], settings) == ExitCode.failure)
            let former = "\(directory)/secret_key"
            #expect(try ProgramProcess.status(["key", "rotate", "--former", former], settings) == 0)
            #expect(try await opened(url, with: second) == Self.keys)
            // What neither opens stays as it is.
            settings["SECRET_KEY"] = "the third secret of the tests"
            #expect(try ProgramProcess.status(["key", "rotate", "--former", former], settings) == 0)
            #expect(try await opened(url, with: second) == Self.keys)
        }
    }
}

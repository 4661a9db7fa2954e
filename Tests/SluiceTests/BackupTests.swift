import Base
import Glibc
import Postbacks
import Postgres
import Reactor
import TestDesk
import Testing
import TestGround

@testable import Sluice

/// `backup` and `restore`: what was there is there again, somewhere else, and nothing is lost by mistake.
@Suite(.timeLimit(.minutes(10))) struct BackupTests {
    private static func tokens(_ settings: [String: String]) throws -> String {
        try ProgramProcess.answer(["token", "list"], settings)
    }

    @Test func `a private cluster's backup goes into another cluster and into a server`() async throws {
        try await withTemporaryFolder("place") { place in
            let first = ["DATA_DIR": "\(place)/first"]
            let second = ["DATA_DIR": "\(place)/second"]
            let file = "\(place)/desk.dump"
            _ = try ProgramProcess.answer(["token", "create", "--name", "carried over"], first)
            #expect(try ProgramProcess.status(["backup", file, "--with-secret-key"], first) == 0)
            let listed = try Self.tokens(first)
            #expect(listed.contains("carried over"))
            for path in [file, "\(file).secret_key"] {
                var information = stat()
                #expect(stat(path, &information) == 0 && information.st_mode & 0o777 == 0o600, "\(path)")
            }
            #expect(try FileSystem.list(place).allSatisfy { !$0.hasSuffix(".unfinished") })
            // A second backup doesn't overwrite the first.
            #expect(try ProgramProcess.status(["backup", file], first) == ExitCode.failure)

            #expect(try ProgramProcess.status(["restore", file, "--with-secret-key"], second) == 0)
            #expect(try Self.tokens(second) == listed)
            let secrets = try ["first", "second"].map { try FileSystem.read("\(place)/\($0)/secret_key", limit: 4096) }
            #expect(secrets[0] == secrets[1])

            // There is something now: refused unless told, and then replaced whole.
            #expect(try ProgramProcess.status(["restore", file], second) == ExitCode.failure)
            _ = try ProgramProcess.answer(["token", "create", "--name", "not in the backup"], second)
            #expect(try ProgramProcess.status(["restore", file, "--replace"], second) == 0)
            let process = try ProgramProcess(sluice: ["token", "list"], second)
            #expect(try process.line(after: "").contains("carried over"))
            #expect(throws: (any Error).self) { try process.line(after: "not in the backup") }

            try await withTestDatabaseURL { url in
                let server = ["DATA_DIR": "\(place)/third", "DATABASE_URL": url.reveal()]
                #expect(try ProgramProcess.status(["restore", file], server) == ExitCode.failure)
                #expect(try ProgramProcess.status(["restore", file, "--replace"], server) == 0)
                #expect(try Self.tokens(server) == listed)
                // And back: a server's backup of the same content.
                #expect(try ProgramProcess.status(["backup", "\(file).2"], server) == 0)
                #expect(try ProgramProcess.status(["restore", "\(file).2", "--replace"], second) == 0)
                #expect(try Self.tokens(second) == listed)
                // Nothing of a backup that can't be read.
                try FileSystem.write(Array("PGDMP is how they begin".utf8), to: "\(file).bad")
                #expect(try ProgramProcess.status(["restore", "\(file).bad", "--replace"], server) == ExitCode.failure)
                #expect(try Self.tokens(server) == listed)
                // The statements that were kept meanwhile are gone.
                #expect(try FileSystem.list("\(place)/third").allSatisfy { !$0.hasPrefix("restore-") })
            }
        }
    }

    @Test func `what another secret has sealed is told of when a backup comes back without it`() async throws {
        try await withTemporaryFolder("place") { place in
            try await withTestDatabaseURL { url in
                let settings = [
                    "DATA_DIR": "\(place)/data", "DATABASE_URL": url.reveal(),
                    "SECRET_KEY": "the first secret of the tests",
                ]
                _ = try ProgramProcess.answer(["token", "create", "--name", "t"], settings)
                try await onLoop { loop in
                    let database = try Database(url: url, loops: [loop], log: .silent)
                    let vault = PostbackVault(SecretKey(Secret("the first secret of the tests")))
                    for name in ["a", "b"] {
                        let secret = PostbackVault.makeSecret()
                        let (lookup, cipher) = (vault.lookup(secret), try vault.seal(secret))
                        try await database.execute(
                            """
                            INSERT INTO keitaro_profiles (name, secret_lookup, secret_cipher)
                            VALUES (\(name), \(lookup), \(cipher))
                            """)
                    }
                    await database.close()
                }
                #expect(try ProgramProcess.status(["backup", "\(place)/one"], settings) == 0)
                let restoring = ["restore", "\(place)/one", "--replace"]
                let told = try ProgramProcess(
                    sluice: restoring, settings.merging(["SECRET_KEY": "the second secret of the tests"]) { $1 })
                #expect(try told.line(after: "2 postback profiles: ").hasPrefix("their URLs are refused"))
                #expect(told.end(0) == 0)
                let own = try ProgramProcess(
                    sluice: restoring, settings.merging(["SECRET_KEY": "the first secret of the tests"]) { $1 })
                #expect(throws: (any Error).self) { try own.line(after: "sealed with another SECRET_KEY") }
            }
        }
    }

    @Test func `a desk's own database is not replaced under it`() async throws {
        try await withTemporaryFolder("place") { place in
            try await withTestDatabaseURL { url in
                let settings = ["DATA_DIR": "\(place)/data", "DATABASE_URL": url.reveal()]
                #expect(try ProgramProcess.status(["backup", "\(place)/one"], settings) == 0)
                let (desk, _) = try ProgramProcess.serve(settings)
                #expect(try ProgramProcess.status(["backup", "\(place)/two"], settings) == 0)
                #expect(
                    try ProgramProcess.status(["restore", "\(place)/one", "--replace"], settings) == ExitCode.failure)
                #expect(try ProgramProcess.status(["key", "rotate"], settings) == ExitCode.failure)
                #expect(desk.end(SIGTERM) == 0)
                #expect(try ProgramProcess.status(["restore", "\(place)/one", "--replace"], settings) == 0)
            }
        }
    }

    @Test
    func `a secret beside another backup stays, and an unfinished rotation is told of before anything is written`()
        async throws
    {
        try await withTemporaryFolder("place") { place in
            try await withTestDatabaseURL { url in
                let settings = ["DATA_DIR": "\(place)/data", "DATABASE_URL": url.reveal()]
                _ = try ProgramProcess.answer(["token", "create", "--name", "t"], settings)
                try FileSystem.makeDirectories("\(place)/data")
                try FileSystem.write(
                    Array("\(String(repeating: "a", count: 64))\n".utf8), to: "\(place)/data/secret_key")
                let file = "\(place)/desk.dump"
                let other = Array("the last copy of another secret\n".utf8)
                try FileSystem.write(other, to: "\(file).secret_key")
                #expect(
                    try ProgramProcess.status(["backup", file, "--with-secret-key"], settings) == ExitCode.failure)
                #expect(try FileSystem.read("\(file).secret_key", limit: 4_096) == other)
                #expect(FileSystem.kind(of: file) == nil)
                try FileSystem.remove("\(file).secret_key")
                try FileSystem.write(
                    Array("\(String(repeating: "b", count: 64))\n".utf8), to: "\(place)/data/secret_key.next")
                #expect(
                    try ProgramProcess.status(["backup", file, "--with-secret-key"], settings) == ExitCode.failure)
                #expect(try FileSystem.list(place) == ["data"])
                try FileSystem.remove("\(place)/data/secret_key.next")
                #expect(try ProgramProcess.status(["backup", file, "--with-secret-key"], settings) == 0)
            }
        }
    }

    @Test(
        arguments: [
            ("backup f", UpkeepCommand.backup(file: "f", withSecretKey: false)),
            ("backup --with-secret-key f", .backup(file: "f", withSecretKey: true)),
            ("restore f --replace", .restore(file: "f", withSecretKey: false, replacing: true)),
            ("restore f --with-secret-key", .restore(file: "f", withSecretKey: true, replacing: false)),
            ("key rotate", .rotateKey(former: nil)), ("key rotate --former f", .rotateKey(former: "f")),
            ("backup", nil), ("backup f --replace", nil), ("restore f g", nil), ("key", nil), ("key rotate f", nil),
        ])
    func `the command line is read`(line: String, expected: UpkeepCommand?) throws {
        let words = line.split(separator: " ").map(String.init)
        if let expected {
            #expect(try Invocation(words).command == .upkeep(expected))
        } else {
            #expect(throws: Usage.self) { try Invocation(words) }
        }
    }
}

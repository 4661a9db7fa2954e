import Base
import Glibc
import Reactor
import Testing

@testable import Postgres

@Suite struct PrivateClusterTests {
    @Test func `is made once, shared by whoever comes, and stopped by the last`() async throws {
        try await withTemporaryDirectory { directory in
            async let one = PrivateCluster.start(directory: directory, log: .silent)
            async let two = PrivateCluster.start(directory: directory, log: .silent)
            let (first, second) = try await (one, two)
            let process = try #require(first.serverProcess)
            #expect(second.serverProcess == process)
            #expect(getsid(process) != getsid(0))
            try await withDatabase(url: first.databaseURL) { database, _ in
                try await database.execute("CREATE TABLE lasting (n int)")
                let row = try await database.one(
                    """
                    SELECT current_setting('listen_addresses') AS addresses, current_setting('fsync') AS fsync,
                        current_setting('server_encoding') AS encoding, current_setting('data_checksums') AS checksums,
                        current_database() AS name, current_user::text AS role
                    """)
                #expect(try row.get("addresses", String.self) == "")
                #expect(try row.get("fsync", String.self) == "on")
                #expect(try row.get("encoding", String.self) == "UTF8")
                #expect(try row.get("checksums", String.self) == "on")
                #expect(try row.get("name", String.self) == "sluice" && row.get("role", String.self) == "sluice")
            }
            await first.release()
            #expect(second.serverProcess == process)
            await second.release()
            await second.release()
            #expect(second.serverProcess == nil)

            // A dead server's pid file, whose number now belongs to a process that is no server.
            let pidFile = "\(directory)/postgres/data/postmaster.pid"
            try FileSystem.write(Array("\(getpid())\n\(directory)/postgres/data\n".utf8), to: pidFile)
            let third = try await PrivateCluster.start(directory: directory, log: .silent)
            try await withDatabase(url: third.databaseURL) { database, _ in
                let rows = try await database.query("SELECT n FROM lasting")
                #expect(rows.isEmpty)
            }
            await third.release()
        }
    }

    @Test func `is started again after it was killed, and the database recovers by itself`() async throws {
        try await withTemporaryDirectory { directory in
            let cluster = try await PrivateCluster.start(directory: directory, log: .silent)
            #expect(try await cluster.ensureRunning() == false)
            try await withDatabase(url: cluster.databaseURL) { database, loop in
                try await database.execute("CREATE TABLE durable AS SELECT 7 AS n")
                let process = try #require(cluster.serverProcess)
                kill(process, SIGKILL)
                // Its own backends go when they notice; until then they still answer.
                while await database.isReady() { await loop.sleep(for: .milliseconds(5)) }

                let away = await #expect(throws: PostgresError.self) {
                    try await database.query("SELECT n FROM durable")
                }
                #expect(away?.isUnavailability == true)
                #expect(away?.retryAfter.map { $0 > .zero && $0 <= .seconds(5) } == true)
                let before = MonotonicTime.now()
                for _ in 0..<100 {
                    await #expect(throws: PostgresError.self) { try await database.query("SELECT n FROM durable") }
                }
                // A hundred attempts to connect would have raised the pause between them to its limit.
                let last = await #expect(throws: PostgresError.self) { try await database.query("SELECT 1") }
                #expect(last?.retryAfter.map { $0 < .seconds(5) } == true)
                #expect(before < .now())

                #expect(try await cluster.ensureRunning())
                #expect(cluster.serverProcess != process)
                while true {
                    do {
                        let n = try await database.one("SELECT n FROM durable").get("n", Int.self)
                        #expect(n == 7)
                        break
                    } catch let error as PostgresError where error.isUnavailability {
                        await loop.sleep(for: error.retryAfter ?? .milliseconds(10))
                    }
                }
            }
            await cluster.release()
            #expect(cluster.serverProcess == nil)
        }
    }

    @Test func `finds a short place for the socket of a deep directory`() async throws {
        try await withTemporaryDirectory { directory in
            let deep = directory + "/" + String(repeating: "deep/", count: 20) + "it's"
            // Made by another part of us, for our own eyes: the server's user must be let through all the same.
            try FileSystem.makeDirectories(deep, mode: 0o711)
            chmod(deep, 0o700)
            let cluster = try await PrivateCluster.start(directory: deep, log: .silent)
            let url = cluster.databaseURL.reveal()
            #expect(url.contains("host=%2ftmp%2fsluice-"))
            try await withDatabase(url: cluster.databaseURL) { database, _ in
                try await database.execute("SELECT 1")
            }
            await cluster.release()
            let sockets = ClusterFiles(root: deep).sockets
            rmdir(sockets)
        }
    }

    @Test(.enabled(if: geteuid() == 0)) func `names the directory that the server's user cannot enter`() async throws {
        try await withTemporaryDirectory { directory in
            chmod(directory, 0o700)
            let error = await #expect(throws: ClusterError.self) {
                try await PrivateCluster.start(directory: "\(directory)/data", log: .silent)
            }
            #expect(error.map { "\($0)".contains("chmod o+x \(directory)") } == true)
        }
    }

    @Test func `reads the version of a server program`() {
        #expect(ClusterBinaries.parse(version: "postgres (PostgreSQL) 15.14 (Debian 15.14-0+deb12u1)\n") == 15)
        #expect(ClusterBinaries.parse(version: "postgres (PostgreSQL) 17beta1") == 17)
        #expect(ClusterBinaries.parse(version: "15\n") == 15)
        #expect(ClusterBinaries.parse(version: "") == nil)
    }

    @Test func `says what is missing`() {
        #expect(throws: ClusterError.self) { try ClusterBinaries.find(for: 9, path: "") }
        let words = "\(ClusterError.noBinaries)"
        #expect(words.contains("apt install postgresql") && words.contains("DATABASE_URL"))
    }
}

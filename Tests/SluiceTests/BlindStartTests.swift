import Base
import Fetch
import Glibc
import Postbacks
import Postgres
import Reactor
import TestDesk
import TestGround
import Testing

/// The program starts while its database is away.
@Suite(.timeLimit(.minutes(10))) struct BlindStartTests {
    private static let secret = "a secret of the tests alone"

    @Test func `postbacks are taken by the copy of profiles, and are in the database when it is there`() async throws {
        try await withTemporaryFolder("blind") { folder in
            let server = "\(folder)/server"
            let cluster = try await PrivateCluster.start(directory: server, log: .silent)
            let settings = [
                "DATABASE_URL": cluster.databaseURL.reveal(), "SECRET_KEY": Self.secret, "DATA_DIR": "\(folder)/data",
                "KEITARO_URL": "http://127.0.0.1:9",
            ]
            // The first run makes the schema, the second finds a profile and keeps its copy.
            let (first, _) = try ProgramProcess.serve(settings)
            #expect(first.end(SIGTERM) == 0)
            try await onLoop { loop in
                let database = try Database(url: cluster.databaseURL, loops: [loop], log: .silent)
                let vault = PostbackVault(SecretKey(Secret(Self.secret)))
                let lookup = vault.lookup(Secret("first-secret"))
                let cipher = try vault.seal(Secret("first-secret"))
                try await database.execute(
                    """
                    INSERT INTO keitaro_profiles (name, secret_lookup, secret_cipher) VALUES ('p', \(lookup), \(cipher))
                    """)
                await database.close()
            }
            let (second, address) = try ProgramProcess.serve(settings)
            try await onLoop { loop in
                let fetch = Fetch(loops: [loop])
                let visitor = Visitor(fetch: fetch, base: address, headers: [:])
                let isKnown = try await eventually(loop, within: .seconds(60)) {
                    try await visitor.get("\(PostbackIntake.path)?secret=first-secret&status=lead&subid=before").status
                        == 200
                }
                #expect(isKnown)
                let isKept = try await eventually(loop, within: .seconds(60)) {
                    let copy = try? FileSystem.read("\(folder)/data/postback_profiles.json", limit: 1 << 20)
                    return String(decoding: copy ?? [], as: UTF8.self).contains("\"lookup\"")
                }
                #expect(isKept)
                await fetch.close()
            }
            #expect(second.end(SIGTERM) == 0)
            await cluster.release()

            let (blind, place) = try ProgramProcess.serve(settings)
            try await onLoop { loop in
                let fetch = Fetch(loops: [loop])
                let visitor = Visitor(fetch: fetch, base: place, headers: [:])
                for number in 0..<5 {
                    let answer = try await visitor.get(
                        "\(PostbackIntake.path)?secret=first-secret&status=lead&subid=blind\(number)")
                    #expect(answer.status == 200 && answer.text == "ok")
                }
                #expect(try await visitor.get("\(PostbackIntake.path)?secret=another").status == 503)
                #expect(try await visitor.get("/ready").status == 503)
                let again = try await PrivateCluster.start(directory: server, log: .silent)
                let database = try Database(url: again.databaseURL, loops: [loop], log: .silent)
                let isThere = try await eventually(loop, within: .seconds(60)) {
                    try await database.one("SELECT count(*) FROM postback_events WHERE click_id LIKE 'blind%'")
                        .get(0, Int.self) == 5
                }
                #expect(isThere)
                #expect(
                    try await eventually(loop, within: .seconds(60)) { try await visitor.get("/ready").status == 200 })
                await database.close()
                await fetch.close()
                #expect(blind.end(SIGTERM) == 0)
                await again.release()
            }
        }
    }
}

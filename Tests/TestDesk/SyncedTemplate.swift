import Accounts
import Base
import Keitaro
import Postgres
import Reactor
import Sandbox

/// A database in which two programs have logged in and synced, made once: most tests begin where this ends.
package enum SyncedTemplate {
    package struct Ready: Sendable {
        /// Tokens of a program with the administrator's Keitaro key and of one with the restricted key.
        package let adminToken: String
        package let buyerToken: String
    }

    package static let name = "sluice_synced"

    static func ready() async throws -> Ready { try await made.value }

    private static let made = Task.detached { try await make() }

    private static func make() async throws -> Ready {
        let url = try await TestCluster.makeDatabase(called: name)
        let ready = try await onLoop { loop in
            let database = try Database(url: url, loops: [loop], log: .silent)
            let desk = try await TestDesk(database: database, loop: loop, deadlines: KeitaroClient.Deadlines())
            let buyer = try await desk.accounts.createToken(name: "buyer", role: .buyer)
            let admin = try await desk.accounts.createToken(name: "program", role: .buyer)
            for (token, key) in [(buyer, KeitaroWorld.buyerKey), (admin, KeitaroWorld.adminKey)] {
                let program = desk.program(token: token)
                for answer in [
                    try await program.post("/users/login/", ["api_key": .string(key)]),
                    try await program.post("/campaigns/sync-campaigns/"),
                ] where answer.status != 200 {
                    throw TestCluster.Failure(description: answer.text)
                }
            }
            await desk.stop()
            await database.close()
            return Ready(adminToken: admin, buyerToken: buyer)
        }
        return ready
    }
}

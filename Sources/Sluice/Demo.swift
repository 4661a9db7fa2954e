import Accounts
import Base
import Reactor
import Sandbox

/// The demo's own outside world: a simulated Keitaro on loopback, and an account that knows its key.
final class Demo: Sendable {
    static let seed: UInt64 = 2026
    static let trackerName = "trk-demo"

    let keitaro: KeitaroSandbox
    let keitaroURL: String

    /// - Throws: `SystemError` when no port is free.
    init(configuration: Configuration, loop: EventLoop, log: Logger) throws {
        keitaro = KeitaroSandbox(
            seed: Self.seed, loop: loop, file: "\(configuration.dataDirectory)/sandbox-keitaro.json",
            log: log.component("sandbox"))
        let port = try keitaro.start(port: 0, log: log.component("sandbox"))
        keitaroURL = "http://127.0.0.1:\(port)"
    }

    /// Nobody has to log in before a token can act: the demo's administrator is there from the first start.
    func seedAccounts(_ accounts: AccountStore) async throws {
        let tracker = try await accounts.moveTracker(name: Self.trackerName, to: keitaroURL)
        try await accounts.seedUser(
            name: "Demo", role: .admin, key: Secret(KeitaroWorld.adminKey), tracker: tracker)
    }
}

import Base
import Fetch
import Glibc
import Reactor
import Synchronization
import TestGround

/// The built program, serving on a database of its own.
final class ServedDesk: Sendable {
    /// Knows all campaigns of the simulated tracker.
    static let key = "demo-admin-key"

    /// Sees the campaigns of some groups only.
    static let restrictedKey = "demo-buyer-key"

    let url: String
    let tracker: SimulatedTracker
    private let process: ProgramProcess

    /// A session that was opened by a person's login, for the visits that are not about logging in.
    struct Admission: Sendable {
        let cookie: JSON
        /// The desk's own numbers of campaigns, by Keitaro's.
        let campaigns: [Int64: Int64]
    }
    let admission = Mutex<Admission?>(nil)

    /// The program against a simulated tracker in a process of its own, so that a test can reach it too.
    init() throws {
        tracker = try SimulatedTracker()
        let folder = try TemporaryFolder("desk")
        process = try ProgramProcess(
            [ProgramProcess.sluice, "serve"],
            environment: Self.settings(["DATA_DIR": folder.path, "KEITARO_URL": tracker.url]), folder: folder)
        url = try process.line(after: "Sluice is at ")
    }

    /// What the program needs to serve here.
    static func settings(_ own: [String: String]) -> [String: String] {
        ["PORT": "0", "HOST": "127.0.0.1", "LOG_LEVEL": "error", "ASSETS_DIR": repository].merging(own) { $1 }
    }

    static let repository = #filePath.split(separator: "/").dropLast(3).reduce("") { "\($0)/\($1)" }
}

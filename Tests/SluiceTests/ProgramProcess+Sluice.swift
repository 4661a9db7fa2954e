import TestDesk
import TestGround

/// The program itself in processes of their own.
extension ProgramProcess {
    convenience init(sluice arguments: [String], _ settings: [String: String] = [:]) throws {
        // Never the directory of a desk that works on this machine.
        let folder = settings["DATA_DIR"] ?? settings["DEMO_DATA_DIR"] == nil ? try TemporaryFolder("data") : nil
        var environment = ["LOG_LEVEL": "error", "ASSETS_DIR": TestPlaces.repository]
        environment["DATA_DIR"] = folder?.path
        try self.init(
            [Self.sluice] + arguments, environment: environment.merging(settings) { $1 }, folder: folder)
    }

    /// A desk that serves; its address.
    static func serve(
        _ settings: [String: String], _ arguments: [String] = ["serve"]
    ) throws -> (ProgramProcess, String) {
        let process = try ProgramProcess(
            sluice: arguments, settings.merging(["PORT": "0", "HOST": "127.0.0.1"]) { given, _ in given })
        return (process, try process.line(after: "Sluice is at "))
    }

    /// The first line that a command prints.
    static func answer(_ arguments: [String], _ settings: [String: String]) throws -> String {
        try ProgramProcess(sluice: arguments, settings).line(after: "")
    }

    /// Lets a command run to its end.
    static func status(_ arguments: [String], _ settings: [String: String]) throws -> Int32? {
        try ProgramProcess(sluice: arguments, settings).end(0)
    }
}

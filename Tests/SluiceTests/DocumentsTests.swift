import Base
import Postgres
import TestDesk
import Testing

/// What the documents point at is there.
@Suite struct DocumentsTests {
    private static func read(_ path: String) throws -> String {
        String(decoding: try FileSystem.read("\(TestPlaces.repository)/\(path)", limit: 1 << 20), as: UTF8.self)
    }

    /// The texts between single back quotes.
    private static func quoted(_ text: String) -> [String] {
        text.split(separator: "`", omittingEmptySubsequences: false).enumerated()
            .filter { !$0.offset.isMultiple(of: 2) }.map { String($0.element) }
    }

    @Test func `every source file that the threat model names exists`() throws {
        let files = Self.quoted(try Self.read("docs/threat_model.md")).filter { $0.hasSuffix(".swift") }
        #expect(files.count > 20)
        for file in files {
            #expect(FileSystem.kind(of: "\(TestPlaces.repository)/Sources/\(file)") == .file, "\(file)")
        }
    }

    @Test func `every measurement is one of bin/bench and has its place in the documents`() throws {
        let bench = try Self.read("bin/bench")
        let (readme, benchmarks) = (try Self.read("README.md"), try Self.read("docs/benchmarks.md"))
        let programs = try FileSystem.list("\(TestPlaces.repository)/bin").filter { $0.hasPrefix("bench-") }
        #expect(programs.count >= 4)
        let known = try #require(bench.split(separator: "\n").first { $0.hasPrefix("all=(") })
        #expect(Set(known.dropFirst(5).dropLast().split(separator: " ").map { "bench-\($0)" }) == Set(programs))
        for program in programs {
            let name = program.dropFirst("bench-".count)
            #expect(readme.contains(name) && benchmarks.contains("`bin/bench \(name)`"), "\(name)")
        }
    }

    @Test func `every rule of retention is told of`() async throws {
        let text = try Self.read("docs/deployment.md")
        try await withTestDatabase { database, _ in
            for row in try await database.query("SELECT name FROM retention_rules") {
                let name: String = try row.get("name")
                #expect(text.contains("| `\(name)` |"), "\(name)")
            }
        }
    }

    @Test func `the systemd unit restarts what a restart can mend and has the program's own variables`() throws {
        let lines = try Self.read("docs/sluice.service").split(separator: "\n").filter { !$0.hasPrefix("#") }
        #expect(lines.contains("Restart=always"))
        // As bin/run: the settings are wrong, the address is taken, the command line is wrong.
        #expect(lines.contains("RestartPreventExitStatus=64 69 78"))
        #expect(lines.contains("ExecStart=/usr/local/bin/sluice serve"))
        // It is gone after ten seconds; whoever stops it waits a little longer, here and in a container.
        #expect(lines.contains("TimeoutStopSec=15"))
        #expect(try Self.read("docker-compose.yml").contains("    stop_grace_period: 15s\n"))
        #expect(lines.contains { $0.hasPrefix("User=") && $0 != "User=root" })
        let image = try Self.read("Dockerfile")
        let variables = try #require(lines.first { $0.hasPrefix("Environment=") }).dropFirst("Environment=".count)
        for variable in variables.split(separator: " ") {
            #expect(image.contains(variable), "\(variable) is the image's too")
        }
    }
}

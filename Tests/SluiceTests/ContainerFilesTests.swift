import Base
import TestDesk
import Testing

/// Dockerfile, docker-compose.yml, .dockerignore and .env.example say the same as the scripts and the program.
@Suite struct ContainerFilesTests {
    private static func read(_ path: String) throws -> String {
        String(decoding: try FileSystem.read("\(TestPlaces.repository)/\(path)", limit: 1 << 20), as: UTF8.self)
    }

    private struct Instruction {
        let name: String
        let words: [String]
        /// Counted from 0; each begins with FROM.
        let stage: Int
        var text: String { words.joined(separator: " ") }
    }

    /// Lines joined at their backslashes, comments dropped.
    private static func dockerfile() throws -> [Instruction] {
        var stage = -1
        let lines = try read("Dockerfile").split(separator: "\n").filter { !$0.hasPrefix("#") }
        return lines.joined(separator: "\n").replacing("\\\n", with: " ").split(separator: "\n").compactMap { line in
            let words = line.split(separator: " ").map(String.init)
            guard let name = words.first else { return nil }
            if name == "FROM" { stage += 1 }
            return Instruction(name: name, words: Array(words.dropFirst()), stage: stage)
        }
    }

    private static func isVariable(_ text: Substring) -> Bool {
        text.utf8.count > 3 && text.utf8.allSatisfy { (65...90).contains($0) || $0 == UInt8(ascii: "_") }
    }

    /// Every variable's name that the configuration's code holds.
    private static func knownVariables() throws -> Set<String> {
        let folder = "Sources/Base"
        let files = try FileSystem.list("\(TestPlaces.repository)/\(folder)").filter { $0.hasPrefix("Configuration") }
        let literals = try files.flatMap { file in
            try read("\(folder)/\(file)").split(separator: "\"").filter(isVariable).map(String.init)
        }
        return Set(literals)
    }

    /// The lines below `start` that are deeper than it, as far as they go.
    private static func block(_ start: String, in yaml: String) -> [Substring] {
        func depth(_ line: Substring) -> Int { line.prefix { $0 == " " }.count }
        let lines = yaml.split(separator: "\n").filter { !$0.drop { $0 == " " }.hasPrefix("#") }
        // With spaces before it the start is meant at that depth alone.
        let isExact = start.hasPrefix(" ")
        let found = lines.firstIndex { (isExact ? $0 : $0.drop { $0 == " " }) == start }
        guard let first = found else { return [] }
        let top = depth(lines[first])
        return Array(lines[(first + 1)...].prefix { depth($0) > top })
    }

    private static func compose(_ service: String) throws -> String {
        try block("  \(service):", in: read("docker-compose.yml")).joined(separator: "\n")
    }

    /// `name: value` lines of a service's environment.
    private static func environment(of service: String) throws -> [String: String] {
        let pairs = try block("environment:", in: compose(service)).map { line in
            let parts = line.split(separator: ":", maxSplits: 1).map { String($0.trimmingPrefix(while: { $0 == " " })) }
            return (parts[0], parts.count > 1 ? parts[1].replacing("\"", with: "") : "")
        }
        return Dictionary(uniqueKeysWithValues: pairs)
    }

    @Test func `the image is built in two stages and runs as somebody who is not root`() throws {
        let instructions = try Self.dockerfile()
        #expect(instructions.filter { $0.name == "FROM" }.map(\.words.first) == ["swift:6.3-bookworm", "debian:12"])
        let user = try #require(instructions.last { $0.name == "USER" && $0.stage == 1 }?.words.first)
        #expect(user != "root" && user != "0")
        let made = try #require(instructions.first { $0.name == "RUN" && $0.words.first == "useradd" })
        #expect(made.words.contains(user))
        let uid = try #require(made.words.firstIndex(of: "--uid").map { made.words[$0 + 1] }.flatMap { Int($0) })
        #expect(uid > 0)
        // What runs later must not be root again.
        let last = try #require(instructions.lastIndex { $0.name == "USER" })
        #expect(!instructions[last...].contains { $0.name == "RUN" })
    }

    @Test func `each stage installs by bin/setup and the program is made by bin/build`() throws {
        let runs = try Self.dockerfile().filter { $0.name == "RUN" }
        #expect(runs.contains { $0.stage == 0 && $0.text == "bin/setup" })
        #expect(runs.contains { $0.stage == 0 && $0.text.hasPrefix("bin/build") })
        #expect(runs.contains { $0.stage == 1 && $0.text.contains("bin/setup --runtime") })
        #expect(!runs.contains { $0.text.contains("apt-get") || $0.text.contains("swift build") })
        let setup = try Self.read("bin/setup")
        #expect(setup.contains("--runtime)"))
        // The runtime's libraries are those whose headers the build has.
        for (header, library) in [
            ("libpq-dev", "libpq5"), ("libssl-dev", "libssl3"), ("zlib1g-dev", "zlib1g"),
            ("libcurl4-openssl-dev", "libcurl4"),
        ] {
            #expect(setup.contains(header) && setup.contains("\(library) "), "\(header) and \(library)")
        }
        #expect(try Self.read("bin/build").contains(".build/release/Sluice"))
    }

    @Test func `everything the image copies exists and is let through by .dockerignore`() throws {
        let ignored = try Self.read(".dockerignore").split(separator: "\n").filter { !$0.hasPrefix("#") }
        #expect(ignored.first == "*")
        let passed = ignored.filter { $0.hasPrefix("!") }.map { String($0.dropFirst()) }
        let copied = try Self.dockerfile().filter { $0.name == "COPY" && $0.words.first?.hasPrefix("--from") == false }
            .flatMap { $0.words.dropLast() }
        #expect(!copied.isEmpty)
        for path in copied {
            #expect(FileSystem.kind(of: "\(TestPlaces.repository)/\(path)") != nil, "\(path)")
            #expect(passed.contains(path), "\(path)")
        }
        #expect(Set(passed) == Set(copied))
        let assets = try FileSystem.list(TestPlaces.repository)
        for folder in ["Migrations", "Templates", "Public"] {
            #expect(assets.contains(folder) && copied.contains(folder), "the program reads \(folder)")
        }
    }

    @Test func `ports and places agree between the image, compose and the program`() throws {
        let instructions = try Self.dockerfile()
        let defaults = try Configuration.read(environment: [:], demo: false)
        let port = String(defaults.port)
        #expect(instructions.first { $0.name == "EXPOSE" }?.words == [port])
        let variables = Dictionary(
            uniqueKeysWithValues: instructions.filter { $0.name == "ENV" }.flatMap(\.words).map { word in
                let parts = word.split(separator: "=", maxSplits: 1).map(String.init)
                return (parts[0], parts[1])
            })
        #expect(Set(variables.keys).isSubset(of: try Self.knownVariables()))
        #expect(variables["PORT"] == port)
        let volume = try #require(instructions.first { $0.name == "VOLUME" }?.words.first)
        #expect(variables["DATA_DIR"] == volume)
        #expect(instructions.last { $0.name == "WORKDIR" }?.words.first == variables["ASSETS_DIR"])
        #expect(instructions.contains { $0.name == "HEALTHCHECK" && $0.text.contains("/health") })

        let app = try Self.compose("app")
        #expect(Self.block("ports:", in: app).contains { $0.contains(":\(port)\"") })
        #expect(Self.block("volumes:", in: app).contains { $0.hasSuffix(":\(volume)") })
        #expect(Self.block("healthcheck:", in: app).contains { $0.contains("127.0.0.1:\(port)/health") })
        #expect(try Self.environment(of: "app")["PORT"] == port)
    }

    @Test func `compose sets only what the program knows, and everything of .env.example reaches it`() throws {
        let known = try Self.knownVariables()
        let given = try Self.environment(of: "app")
        #expect(!given.isEmpty && Set(given.keys).isSubset(of: known))
        let example = try Self.read(".env.example")
        #expect(throws: Never.self) { try DotEnv.parse(example) }
        let named = example.split(separator: "\n").compactMap { line -> String? in
            let bare = line.trimmingPrefix(while: { $0 == "#" || $0 == " " })
            guard let equals = bare.firstIndex(of: "="), Self.isVariable(bare[..<equals]) else { return nil }
            return String(bare[..<equals])
        }
        #expect(!named.isEmpty && Set(named).isSubset(of: known))
        // The place of data is the volume; the password is part of DATABASE_URL.
        let notHanded: Set = ["DATA_DIR", "POSTGRES_PASSWORD"]
        #expect(Set(named).subtracting(notHanded).isSubset(of: given.keys))
        for (name, value) in given where value.contains("${\(name)") {
            #expect(value == "${\(name):-}", "\(name): absent must mean empty, which counts as not set")
        }
    }

    @Test func `compose's database is the one that the desk is told of`() throws {
        let yaml = try Self.read("docker-compose.yml")
        let database = try Self.compose("database")
        #expect(database.contains("image: postgres:15"))
        let settings = try Self.environment(of: "database")
        let user = try #require(settings["POSTGRES_USER"])
        let name = try #require(settings["POSTGRES_DB"])
        let url = try #require(try Self.environment(of: "app")["DATABASE_URL"])
        #expect(url.hasPrefix("postgresql://\(user):${POSTGRES_PASSWORD:?"))
        #expect(url.hasSuffix("@database/\(name)"))
        for service in ["app", "database"] {
            let block = try Self.compose(service)
            #expect(block.contains("restart: always"), "\(service)")
            #expect(!Self.block("healthcheck:", in: block).isEmpty, "\(service)")
            for volume in Self.block("volumes:", in: block) {
                let source = volume.split(separator: ":").first?.trimmingPrefix(while: { $0 == " " || $0 == "-" }) ?? ""
                #expect(yaml.contains("\n  \(source):\n") || yaml.hasSuffix("\n  \(source):\n"), "\(source)")
            }
        }
        #expect(Self.block("depends_on:", in: try Self.compose("app")).contains { $0.contains("service_healthy") })
    }
}

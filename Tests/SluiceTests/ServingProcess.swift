import Base
import Fetch
import Glibc
import TestDesk

/// The program itself in a process of its own, which ends with this value.
final class ServingProcess: @unchecked Sendable {
    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    private(set) var process: pid_t = 0
    private let output: Int32

    /// Built beside the tests.
    private static let program: String = {
        var path = [CChar](repeating: 0, count: 4096)
        let length = readlink("/proc/self/exe", &path, path.count - 1)
        let own = String(decoding: path.prefix(max(length, 0)).map { UInt8(bitPattern: $0) }, as: UTF8.self)
        return own.split(separator: "/").dropLast().reduce("") { "\($0)/\($1)" } + "/Sluice"
    }()

    init(_ arguments: [String], _ settings: [String: String] = [:]) throws {
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else { throw Failure(description: "no pipe") }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        output = ends[0]
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_adddup2(&actions, ends[1], 1)
        posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0)
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var none = sigset_t()
        sigemptyset(&none)
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK))
        let environment = ["LOG_LEVEL": "error", "ASSETS_DIR": TestPlaces.repository, "PATH": "/usr/bin:/bin"]
            .merging(settings) { _, given in given }
        var words: [UnsafeMutablePointer<CChar>?] = ([Self.program] + arguments).map { strdup($0) } + [nil]
        var variables: [UnsafeMutablePointer<CChar>?] = environment.map { strdup("\($0.key)=\($0.value)") } + [nil]
        defer { (words + variables).forEach { free($0) } }
        let result = posix_spawn(&process, Self.program, &actions, &attributes, &words, &variables)
        close(ends[1])
        guard result == 0 else { throw Failure(description: "\(Self.program): \(String(cString: strerror(result)))") }
    }

    deinit {
        end(SIGKILL)
        close(output)
    }

    /// A desk that serves; its address.
    static func serve(_ settings: [String: String], _ arguments: [String] = ["serve"]) throws -> (
        ServingProcess, String
    ) {
        let process = try ServingProcess(
            arguments, settings.merging(["PORT": "0", "HOST": "127.0.0.1"]) { given, _ in given })
        return (process, try process.line(after: "Sluice is at "))
    }

    /// Reads what the program prints until a line holds `text`; returns the rest of that line.
    func line(after text: String) throws -> String {
        var seen = ""
        var buffer = [UInt8](repeating: 0, count: 4096)
        while true {
            if let found = seen.firstRange(of: text), let end = seen[found.upperBound...].firstIndex(of: "\n") {
                return String(seen[found.upperBound..<end])
            }
            var ready = pollfd(fd: output, events: Int16(POLLIN), revents: 0)
            guard poll(&ready, 1, 60_000) > 0 else { throw Failure(description: "a minute without \(text): \(seen)") }
            let count = read(output, &buffer, buffer.count)
            guard count > 0 else { throw Failure(description: "ended without \(text): \(seen)") }
            seen += String(decoding: buffer[0..<count], as: UTF8.self)
        }
    }

    /// Sends the signal and waits for the end.
    /// - Returns: the exit status; nil when a signal ended it.
    @discardableResult
    func end(_ signal: Int32) -> Int32? {
        guard process > 0 else { return nil }
        kill(process, signal)
        var status: Int32 = 0
        while waitpid(process, &status, 0) < 0 && errno == EINTR {}
        process = 0
        return status & 0x7F == 0 ? status >> 8 & 0xFF : nil
    }

    /// The first line that a command prints.
    static func answer(_ arguments: [String], _ settings: [String: String]) throws -> String {
        try ServingProcess(arguments, settings).line(after: "")
    }
}

import Glibc
import Synchronization

/// A child process with pipes: its output is read here, further descriptors can be handed to it. It dies with this value.
final class RunningProcess: @unchecked Sendable {
    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    private(set) var pid: pid_t = 0
    private let output: Int32

    /// - Parameters:
    ///   - descriptors: the child's number and ours, which is closed here once the child has it.
    init(
        _ arguments: [String], environment: [String: String] = [:],
        descriptors: [(child: Int32, ours: Int32)] = []
    ) throws {
        var pipeEnds: [Int32] = [0, 0]
        guard pipe(&pipeEnds) == 0 else { throw Failure(description: "no pipe") }
        output = Self.outOfTheWay(pipeEnds[0])
        let write = Self.outOfTheWay(pipeEnds[1])
        let moved = descriptors.map { (child: $0.child, ours: Self.outOfTheWay($0.ours)) }
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_adddup2(&actions, write, 1)
        // Whoever runs the tests waits for the end of what they write; a child that outlives them must not hold it.
        posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0)
        for (child, ours) in moved { posix_spawn_file_actions_adddup2(&actions, ours, child) }
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var nothing = sigset_t()
        sigemptyset(&nothing)
        posix_spawnattr_setsigmask(&attributes, &nothing)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETPGROUP))
        var inherited: [String: String] = [:]
        for name in ["PATH", "HOME", "LANG"] {
            if let value = getenv(name) { inherited[name] = String(cString: value) }
        }
        let variables = inherited.merging(environment) { $1 }.map { "\($0.key)=\($0.value)" }
        var words: [UnsafeMutablePointer<CChar>?] = arguments.map { strdup($0) } + [nil]
        var settings: [UnsafeMutablePointer<CChar>?] = variables.map { strdup($0) } + [nil]
        let result = posix_spawnp(&pid, arguments[0], &actions, &attributes, &words, &settings)
        (words + settings).forEach { free($0) }
        close(write)
        moved.forEach { close($0.ours) }
        if result == 0 {
            _ = Self.ending
            Self.living.withLock { _ = $0.insert(pid) }
        }
        guard result == 0 else {
            throw Failure(description: "\(arguments[0]) can't be started: \(String(cString: strerror(result)))")
        }
    }

    deinit { stop(SIGKILL) }

    /// Processes that live as long as the tests are ended with them: values kept in statics are never released.
    private static let living = Mutex<Set<pid_t>>([])
    private static let ending: Void = {
        _ = atexit { RunningProcess.endAll() }
    }()

    private static func endAll() {
        for pid in living.withLock({ $0 }) { kill(-pid, SIGTERM) }
    }

    /// A descriptor that no `dup2` of the child's low numbers can hit.
    private static func outOfTheWay(_ fd: Int32) -> Int32 {
        let moved = fcntl(fd, F_DUPFD_CLOEXEC, 20)
        close(fd)
        return moved
    }

    /// Reads output until `text` and the rest of its line have come, and returns the line from `text` on.
    func line(after text: String) throws -> String {
        var seen = ""
        var buffer = [UInt8](repeating: 0, count: 4096)
        while true {
            if let found = seen.firstRange(of: text), let end = seen[found.upperBound...].firstIndex(of: "\n") {
                return String(seen[found.upperBound..<end])
            }
            var ready = pollfd(fd: output, events: Int16(POLLIN), revents: 0)
            guard poll(&ready, 1, 60_000) > 0 else {
                throw Failure(description: "waited a minute for \"\(text)\"; saw: \(seen)")
            }
            let count = read(output, &buffer, buffer.count)
            guard count > 0 else { throw Failure(description: "ended before \"\(text)\"; saw: \(seen)") }
            seen += String(decoding: buffer[0..<count], as: UTF8.self)
        }
    }

    /// Signals the process and waits for its end.
    func stop(_ signal: Int32 = SIGTERM) {
        guard pid > 0 else { return }
        Self.living.withLock { _ = $0.remove(pid) }
        kill(signal == SIGKILL ? -pid : pid, signal)
        var status: Int32 = 0
        while waitpid(pid, &status, 0) < 0 && errno == EINTR {}
        pid = 0
        close(output)
    }
}

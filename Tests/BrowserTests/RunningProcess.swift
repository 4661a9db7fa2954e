import CLinux
import Glibc
import Synchronization

/// A child process. What it prints is read here, further descriptors can be handed to it. It ends with the tests at the latest,
/// and its folder goes with it.
final class RunningProcess: Sendable {
    private let pid: pid_t
    private let output: Int32

    /// - Parameters:
    ///   - descriptors: the child's number and ours, which is closed here once the child has it.
    ///   - folder: removed after the process has ended.
    init(
        _ arguments: [String], environment: [String: String] = [:],
        descriptors: [(child: Int32, ours: Int32)] = [], folder: TemporaryFolder? = nil
    ) throws {
        var ends: [Int32] = [0, 0]
        guard pipe(&ends) == 0 else { throw TestFailure("no pipe can be made") }
        output = Self.outOfTheWay(ends[0])
        let printed = Self.outOfTheWay(ends[1])
        let moved = descriptors.map { (child: $0.child, ours: Self.outOfTheWay($0.ours)) }
        defer { for fd in moved.map(\.ours) + [printed] { close(fd) } }

        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_adddup2(&actions, printed, 1)
        // Whoever runs the tests waits for the end of what they write; a child that outlives them must not hold it.
        posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0)
        // Away from any `.env`: the settings are those given here.
        posix_spawn_file_actions_addchdir_np(&actions, "/tmp")
        for (child, ours) in moved { posix_spawn_file_actions_adddup2(&actions, ours, child) }

        // An event loop's thread blocks all signals; the child takes them.
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var none = sigset_t()
        sigemptyset(&none)
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK))

        let variables = ["PATH": "/usr/bin:/bin", "LANG": "C.UTF-8"].merging(environment) { $1 }
        var words: [UnsafeMutablePointer<CChar>?] = arguments.map { strdup($0) } + [nil]
        var settings: [UnsafeMutablePointer<CChar>?] = variables.map { strdup("\($0.key)=\($0.value)") } + [nil]
        defer { (words + settings).forEach { free($0) } }
        var pid: pid_t = 0
        let result = posix_spawn(&pid, arguments[0], &actions, &attributes, &words, &settings)
        guard result == 0 else {
            throw TestFailure("\(arguments[0]) can't be started: \(String(cString: strerror(result)))")
        }
        self.pid = pid
        _ = Self.ending
        Self.living.withLock { $0.append((pid, folder)) }
    }

    deinit { close(output) }

    /// Values kept in statics are never released: what runs is ended when the tests are.
    private static let living = Mutex<[(pid: pid_t, folder: TemporaryFolder?)]>([])
    private static let ending: Void = {
        _ = atexit { RunningProcess.endAll() }
    }()

    private static func endAll() {
        let all = living.withLock { living in
            defer { living = [] }
            return living
        }
        for (pid, _) in all { kill(pid, SIGTERM) }
        for (pid, folder) in all {
            var status: Int32 = 0
            while waitpid(pid, &status, 0) < 0 && errno == EINTR {}
            folder?.remove()
        }
    }

    /// A descriptor that no `dup2` of the child's low numbers can hit.
    private static func outOfTheWay(_ fd: Int32) -> Int32 {
        let moved = fcntl(fd, F_DUPFD_CLOEXEC, 20)
        close(fd)
        return moved
    }

    /// Reads what the process prints until `text` and the rest of its line have come; returns that rest.
    func line(after text: String) throws -> String {
        var seen = ""
        var buffer = [UInt8](repeating: 0, count: 4096)
        while true {
            if let found = seen.firstRange(of: text), let end = seen[found.upperBound...].firstIndex(of: "\n") {
                return String(seen[found.upperBound..<end])
            }
            var ready = pollfd(fd: output, events: Int16(POLLIN), revents: 0)
            guard poll(&ready, 1, 60_000) > 0 else {
                throw TestFailure("a minute without \"\(text)\"; it said: \(seen)")
            }
            let count = read(output, &buffer, buffer.count)
            guard count > 0 else { throw TestFailure("ended before \"\(text)\"; it said: \(seen)") }
            seen += String(decoding: buffer[0..<count], as: UTF8.self)
        }
    }
}

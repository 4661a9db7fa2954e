import CLinux
import Glibc
import Synchronization

/// A child process. What it prints is read here, and further descriptors can be handed to it. It ends with this value, or with the
/// tests at the latest; its folder goes with it.
package final class ProgramProcess: Sendable {
    /// The program that was built beside the tests.
    package static let sluice: String = {
        var path = [CChar](repeating: 0, count: 4096)
        let length = readlink("/proc/self/exe", &path, path.count - 1)
        let own = String(decoding: path.prefix(max(length, 0)).map { UInt8(bitPattern: $0) }, as: UTF8.self)
        return own.split(separator: "/").dropLast().reduce("") { "\($0)/\($1)" } + "/Sluice"
    }()

    package let pid: pid_t
    private let output: Int32

    /// - Parameters:
    ///   - arguments: the first is the program's path.
    ///   - environment: all there is, but for a path and a language.
    ///   - descriptors: the child's number and ours, which is closed here once the child has it.
    ///   - folder: removed after the process has ended.
    package init(
        _ arguments: [String], environment: [String: String] = [:],
        descriptors: [(child: Int32, ours: Int32)] = [], folder: TemporaryFolder? = nil
    ) throws {
        var ends: [Int32] = [-1, -1]
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
        let result = posix_spawn(&pid, arguments.first ?? "", &actions, &attributes, &words, &settings)
        guard result == 0 else {
            close(output)
            folder?.remove()
            throw TestFailure("\(arguments.first ?? "nothing") can't be started: \(String(cString: strerror(result)))")
        }
        self.pid = pid
        _ = Self.ending
        Self.living.withLock { $0[pid] = .some(folder) }
    }

    deinit {
        end(SIGKILL)
        close(output)
    }

    /// A descriptor that no `dup2` of the child's low numbers can hit.
    private static func outOfTheWay(_ fd: Int32) -> Int32 {
        let moved = fcntl(fd, F_DUPFD_CLOEXEC, 20)
        close(fd)
        return moved
    }

    /// Reads what the process prints until `text` and the rest of its line have come; returns that rest.
    package func line(after text: String) throws -> String {
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

    // MARK: Ends

    /// Those that nobody has waited for, and their folders. Values kept in statics are never released: what still runs is ended when
    /// the tests are.
    private static let living = Mutex<[pid_t: TemporaryFolder?]>([:])
    private static let ending: Void = {
        _ = atexit {
            let all = ProgramProcess.living.withLock { $0 }
            for pid in all.keys { kill(pid, SIGTERM) }
            for pid in all.keys { ProgramProcess.end(pid, 0) }
        }
    }()

    /// Sends the signal, 0 for none, and waits for the end.
    /// - Returns: the exit status; nil when a signal ended it, or it had ended before.
    @discardableResult
    package func end(_ signal: Int32) -> Int32? { Self.end(pid, signal) }

    @discardableResult
    private static func end(_ pid: pid_t, _ signal: Int32) -> Int32? {
        guard let folder = living.withLock({ $0.removeValue(forKey: pid) }) else { return nil }
        if signal != 0 { kill(pid, signal) }
        var status: Int32 = 0
        while waitpid(pid, &status, 0) < 0 && errno == EINTR {}
        folder?.remove()
        return status & 0x7F == 0 ? status >> 8 & 0xFF : nil
    }
}

import Base
import Glibc
import Reactor

/// Runs another program to its end and keeps what it said.
package enum ChildProcess {
    package struct Outcome: Sendable {
        /// The exit status; nil when a signal ended it.
        package let status: Int32?
        package let signal: Int32?
        /// What it wrote to its standard output and error, mixed, up to 64 KB.
        package let output: String

        package var isSuccess: Bool { status == 0 }
    }

    package enum Failure: Error, Hashable, Sendable, CustomStringConvertible {
        case cannotStart(SystemError)
        case timedOut(program: String, after: Duration)

        package var description: String {
            switch self {
            case .cannotStart(let error): "\(error)"
            case .timedOut(let program, let time): "\(program) took longer than \(time) and was stopped"
            }
        }
    }

    /// Starts the program in a session of its own, so that Ctrl-C at our terminal does not reach it. Blocks: helper thread.
    /// - Parameters:
    ///   - arguments: the first is the program's path.
    ///   - environment: all there is; nothing of ours is handed on.
    package static func run(
        _ arguments: [String], environment: [String: String] = [:], directory: String? = nil, timeout: Duration
    ) throws(Failure) -> Outcome {
        let program = arguments.first ?? ""
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else { throw .cannotStart(SystemError(call: "pipe")) }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        let process: pid_t
        do throws(SystemError) {
            process = try spawn(arguments, environment, directory: directory, output: ends[1])
        } catch {
            ends.forEach { close($0) }
            throw .cannotStart(error)
        }
        close(ends[1])
        defer { close(ends[0]) }
        _ = fcntl(ends[0], F_SETFL, O_NONBLOCK)
        return try wait(for: process, reading: ends[0], program: program, timeout: timeout)
    }

    private static func wait(
        for process: pid_t, reading fd: Int32, program: String, timeout: Duration
    ) throws(Failure) -> Outcome {
        let deadline = MonotonicTime.now() + timeout
        var output: [UInt8] = []
        var isOpen = true
        // A child of the child may hold the pipe open, so its end is not waited for once the child itself has ended.
        while true {
            var entry = pollfd(fd: isOpen ? fd : -1, events: Int16(POLLIN), revents: 0)
            _ = poll(&entry, 1, isOpen ? 20 : 2)
            if isOpen { isOpen = drain(fd, into: &output) }
            var status: Int32 = 0
            if waitpid(process, &status, WNOHANG) == process {
                _ = drain(fd, into: &output)
                let signal = status & 0x7F
                return Outcome(
                    status: signal == 0 ? status >> 8 & 0xFF : nil, signal: signal == 0 ? nil : signal,
                    output: String(decoding: output, as: UTF8.self))
            }
            if MonotonicTime.now() > deadline {
                // The whole group: the program leads one.
                kill(-process, SIGKILL)
                waitpid(process, &status, 0)
                throw .timedOut(program: program, after: timeout)
            }
        }
    }

    /// - Returns: false at the end of the pipe.
    private static func drain(_ fd: Int32, into output: inout [UInt8]) -> Bool {
        var chunk = [UInt8](repeating: 0, count: 4_096)
        while true {
            let count = read(fd, &chunk, chunk.count)
            if count > 0 {
                if output.count < 65_536 { output.append(contentsOf: chunk[..<count]) }
            } else if count == 0 {
                return false
            } else if errno != EINTR {
                return errno == EAGAIN
            }
        }
    }

    private static func spawn(
        _ arguments: [String], _ environment: [String: String], directory: String?, output: Int32
    ) throws(SystemError) -> pid_t {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_adddup2(&actions, output, 1)
        posix_spawn_file_actions_adddup2(&actions, output, 2)

        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        // Our threads block every signal and ignore SIGPIPE; a child would inherit both.
        var none = sigset_t()
        sigemptyset(&none)
        posix_spawnattr_setsigmask(&attributes, &none)
        var all = sigset_t()
        sigfillset(&all)
        posix_spawnattr_setsigdefault(&attributes, &all)
        let newSession: Int32 = 0x80  // POSIX_SPAWN_SETSID, hidden behind _GNU_SOURCE
        posix_spawnattr_setflags(
            &attributes, Int16(newSession | Int32(POSIX_SPAWN_SETSIGMASK) | Int32(POSIX_SPAWN_SETSIGDEF)))

        // `env -C` changes the directory after the spawn: glibc's own action for that is newer than some systems.
        let command = directory.map { ["/usr/bin/env", "-C", $0] + arguments } ?? arguments
        var words = command.map { strdup($0) }
        var variables = environment.map { strdup("\($0)=\($1)") }
        defer { (words + variables).forEach { free($0) } }
        words.append(nil)
        variables.append(nil)
        var process: pid_t = 0
        let result = posix_spawn(&process, command.first ?? "", &actions, &attributes, words, variables)
        guard result == 0 else { throw SystemError(call: "start \(command.first ?? "")", number: result) }
        return process
    }
}

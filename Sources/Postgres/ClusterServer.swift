import Base
import CPostgres
import Glibc
import Reactor

/// Makes, starts and stops the server of a private cluster. Everything here blocks: helper thread, with the change lock held.
struct ClusterServer: Sendable {
    let files: ClusterFiles
    let log: Logger

    private static let startSeconds = 120

    /// - Returns: whether the server had to be started.
    func bringUp() throws(ClusterError) -> Bool {
        if isRunning {
            try waitUntilReady()
            try createDatabase()
            return false
        }
        let owner = try ClusterOwner.choose(data: files.data)
        let path = getenv("PATH").map { String(cString: $0) } ?? ""
        let binaries = try ClusterBinaries.find(for: files.dataVersion, path: path)
        try makeDirectory(files.home, owner)
        try owner.mayPass(files.root)
        try owner.requireReach(files.home)
        if files.dataVersion == nil { try initialize(binaries, owner) }
        try start(binaries, owner)
        try createDatabase()
        return true
    }

    /// Asks the server to end. When that takes longer than `limit`, but for its last second, it is told to end at once, without writing out
    /// what it holds, which its next start then reads from its log: nothing committed is lost either way.
    func stop(within limit: Duration) throws(ClusterError) {
        guard isRunning else { return }
        let owner = try ClusterOwner.choose(data: files.data)
        let path = getenv("PATH").map { String(cString: $0) } ?? ""
        let binaries = try ClusterBinaries.find(for: files.dataVersion, path: path)
        func end(_ mode: String, within time: Duration) throws(ClusterError) {
            let seconds = Int(max(1, time.components.seconds))
            let command = [
                binaries.program("pg_ctl"), "stop", "-D", files.data, "-m", mode, "-w", "-t", "\(seconds)", "-s",
            ]
            // pg_ctl may also hang before it begins to count.
            try run("Stopping PostgreSQL", owner.prefix + command, seconds: seconds + 1)
        }
        do throws(ClusterError) {
            try end("fast", within: limit - .seconds(1))
        } catch {
            guard process != nil else { return }
            log.warning("the private database takes too long to stop: it is told to end at once", ["error": "\(error)"])
            try end("immediate", within: .seconds(1))
        }
    }

    // MARK: Is it there?

    /// The number in the pid file, whoever has it now.
    private var writtenProcess: pid_t? {
        guard let text = try? FileSystem.read(files.pidFile, limit: 4_096) else { return nil }
        let lines = String(decoding: text, as: UTF8.self).split(separator: "\n", omittingEmptySubsequences: false)
        guard let first = lines.first, let number = pid_t(first), number > 1 else { return nil }
        return number
    }

    /// The server's process, if the one with its number is a server of this data and not another by now.
    var process: pid_t? {
        guard let process = writtenProcess else { return nil }
        guard let command = try? FileSystem.read("/proc/\(process)/cmdline", limit: 65_536) else { return nil }
        let words = command.split(separator: 0).map { String(decoding: $0, as: UTF8.self) }
        return words.first?.hasSuffix("postgres") == true && words.contains(files.data) ? process : nil
    }

    /// The socket is asked too: a server in another container has a process number that means nothing here.
    private var isRunning: Bool { process != nil || ping() != PQPING_NO_RESPONSE }

    private func ping() -> PGPing { PQping(files.url(database: "postgres") + "&connect_timeout=5") }

    private func waitUntilReady() throws(ClusterError) {
        for _ in 0..<(Self.startSeconds * 20) {
            if ping() == PQPING_OK { return }
            // It may be stopping, or end in the middle of its recovery.
            if !isRunning {
                throw .failed(
                    step: "Waiting for PostgreSQL", output: "the server has ended; its log is in \(files.data)/log")
            }
            usleep(50_000)
        }
        throw .failed(
            step: "Waiting for PostgreSQL",
            output: "no answer for \(Self.startSeconds) s; its log is in \(files.data)/log")
    }

    // MARK: Making it

    private func makeDirectory(_ path: String, _ owner: ClusterOwner) throws(ClusterError) {
        do throws(SystemError) {
            try FileSystem.makeDirectories(path, mode: 0o700)
        } catch {
            throw .system(error)
        }
        try owner.own(path)
    }

    private func initialize(_ binaries: ClusterBinaries, _ owner: ClusterOwner) throws(ClusterError) {
        log.info("making a private database", ["directory": files.data, "version": "\(binaries.version)"])
        try run("Clearing \(files.unfinished)", ["/bin/rm", "-rf", "--", files.unfinished], seconds: 60)
        // Trust, because the socket lies in a directory that only the server's user and root may enter: the operating system has
        // already decided who comes in. Peer would ask the same question again, and need a map for a Sluice that runs as root.
        let command =
            owner.prefix + [
                binaries.program("initdb"), "-D", files.unfinished, "-U", "sluice", "--encoding=UTF8",
                "--auth-local=trust", "--auth-host=reject", "--data-checksums", "--no-instructions",
            ]
        do throws(ClusterError) {
            try run("initdb", command + ["--locale=C.UTF-8"], seconds: 180)
        } catch {
            // A system without C.UTF-8 has C, which sorts the same way.
            guard case .failed(_, let output) = error, output.contains("locale") else { throw error }
            try run("Clearing \(files.unfinished)", ["/bin/rm", "-rf", "--", files.unfinished], seconds: 60)
            try run("initdb", command + ["--locale=C"], seconds: 180)
        }
        let configuration = "\(files.unfinished)/postgresql.conf"
        do throws(SystemError) {
            let text = try FileSystem.read(configuration, limit: 1 << 20)
            try FileSystem.write(
                text + Array("\ninclude_if_exists = 'sluice.conf'\n".utf8), to: configuration, mode: 0o600)
        } catch {
            throw .system(error)
        }
        try owner.own(configuration)
        guard rename(files.unfinished, files.data) == 0 else {
            throw .system(SystemError(call: "rename to \(files.data)"))
        }
        let directory = open(files.home, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        // The new name must be on the disk before the first commit is.
        guard directory >= 0, fsync(directory) == 0 else { throw .system(SystemError(call: "fsync \(files.home)")) }
        close(directory)
    }

    private func createDatabase() throws(ClusterError) {
        let connection = PQconnectdb(files.url(database: "postgres"))
        defer { PQfinish(connection) }
        func ask(_ statement: String) throws(ClusterError) -> Int32 {
            let result = PQexec(connection, statement)
            defer { PQclear(result) }
            let status = PQresultStatus(result)
            guard status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK else {
                let message = PQerrorMessage(connection).map { String(cString: $0) } ?? ""
                throw .failed(step: "Creating the database", output: message)
            }
            return PQntuples(result)
        }
        if try ask("SELECT 1 FROM pg_database WHERE datname = 'sluice'") == 0 { _ = try ask("CREATE DATABASE sluice") }
    }

    // MARK: Starting it

    private func start(_ binaries: ClusterBinaries, _ owner: ClusterOwner) throws(ClusterError) {
        try makeDirectory(files.sockets, owner)
        try requirePrivate(files.sockets, owner)
        do throws(SystemError) {
            try FileSystem.write(Array(files.configuration.utf8), to: "\(files.data)/sluice.conf", mode: 0o600)
            try removeRemains()
        } catch {
            throw .system(error)
        }
        try owner.own("\(files.data)/sluice.conf")
        let command =
            owner.prefix + [
                binaries.program("pg_ctl"), "start", "-D", files.data, "-l", files.startLog, "-w",
                "-t", "\(Self.startSeconds)", "-s",
            ]
        for attempt in 1... {
            do throws(ClusterError) {
                return try run("Starting PostgreSQL", command, seconds: Self.startSeconds + 10)
            } catch {
                guard case .failed(let step, let output) = error else { throw error }
                let words = lastWords
                // After a killed server its own children need a moment to notice.
                guard words.contains("pre-existing shared memory block"), attempt < 100 else {
                    throw .failed(step: step, output: "\(output)\n\(words)\n(more in \(files.data)/log)".trimmed)
                }
                usleep(100_000)
            }
        }
    }

    /// What a server that did not start said before its end: first to its start log, then to its own newest log file.
    private var lastWords: String {
        let directory = "\(files.data)/log"
        let logs = ((try? FileSystem.list(directory)) ?? []).map { "\(directory)/\($0)" }
        let newest = logs.max { modified($0) < modified($1) }
        let texts = [files.startLog, newest].compactMap { path in
            path.flatMap { try? FileSystem.read($0, limit: 4 << 20) }
        }
        return texts.map { String(decoding: $0.suffix(1_500), as: UTF8.self).trimmed }.joined(separator: "\n")
    }

    private func modified(_ path: String) -> Int {
        var information = stat()
        return stat(path, &information) == 0 ? information.st_mtim.tv_sec : 0
    }

    /// Nothing runs here, so these are a dead server's. Its number may belong to an innocent process by now, or to its own unreaped
    /// rest (in a container we are the ones to reap it), and the new server would take either for a live one.
    private func removeRemains() throws(SystemError) {
        if let number = writtenProcess { waitpid(number, nil, WNOHANG) }
        try FileSystem.remove(files.pidFile)
        try FileSystem.remove("\(files.sockets)/.s.PGSQL.5432.lock")
        try FileSystem.remove(files.startLog)
    }

    /// In `/tmp` someone else may have made the directory before us, to read along.
    private func requirePrivate(_ path: String, _ owner: ClusterOwner) throws(ClusterError) {
        var information = stat()
        guard lstat(path, &information) == 0 else { throw .system(SystemError(call: "stat \(path)")) }
        let isDirectory = information.st_mode & S_IFMT == S_IFDIR
        guard isDirectory, information.st_uid == owner.user, information.st_mode & 0o077 == 0 else {
            throw .socketDirectoryTaken(path: path)
        }
    }

    private func run(_ step: String, _ command: [String], seconds: Int) throws(ClusterError) {
        // Messages in English, for we look for words in them; nothing else of our environment concerns the server.
        let environment = ["PATH": "/usr/bin:/bin:/usr/sbin:/sbin", "LC_ALL": "C", "TZ": "UTC"]
        let outcome: ChildProcess.Outcome
        do throws(ChildProcess.Failure) {
            outcome = try ChildProcess.run(
                command, environment: environment, directory: "/", timeout: .seconds(seconds))
        } catch {
            throw .failed(step: step, output: "\(error)")
        }
        guard outcome.isSuccess else { throw .failed(step: step, output: outcome.output.trimmed) }
    }
}

extension String {
    fileprivate var trimmed: String {
        let characters = drop(while: \.isWhitespace)
        guard let last = characters.lastIndex(where: { !$0.isWhitespace }) else { return "" }
        return String(characters[...last])
    }
}

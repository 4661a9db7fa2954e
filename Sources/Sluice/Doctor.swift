import Accounts
import Base
import Fetch
import Glibc
import Keitaro
import Postgres
import Reactor

/// `doctor`: looks at everything the desk depends on and says what to do about what is wrong. 0 when all is well.
struct Doctor {
    let configuration: Configuration
    let loops: [EventLoop]
    let log: Logger

    func run() async -> Int32 {
        var isWell = checkDirectory()
        isWell = checkJournal() && isWell
        do {
            let storage = try await Storage.open(configuration, loops: loops, log: log)
            let kind = configuration.databaseURL == nil ? "private cluster" : "DATABASE_URL"
            isWell = report("database", await storage.database.isReady() ? nil : "does not answer", kind) && isWell
            isWell = await checkKeitaro(storage) && isWell
            isWell = await checkTelegram(storage) && isWell
            await storage.close()
        } catch {
            isWell = report("database", "\(error)", "") && false
        }
        return isWell ? 0 : ExitCode.failure
    }

    /// - Parameter problem: nil when well.
    func report(_ what: String, _ problem: String?, _ detail: String) -> Bool {
        print("\(problem == nil ? "ok      " : "PROBLEM ") \(what): \(problem ?? detail)")
        return problem == nil
    }

    private func checkDirectory() -> Bool {
        let path = configuration.dataDirectory
        do {
            try FileSystem.makeDirectories(path, mode: 0o711)
            let probe = "\(path)/.doctor-\(getpid())"
            try FileSystem.write([0x6F, 0x6B], to: probe)
            try FileSystem.remove(probe)
            return report("DATA_DIR", nil, path)
        } catch {
            return report(
                "DATA_DIR", "\(path) can't be written: \(error.reason). Make it writable or set DATA_DIR.", "")
        }
    }

    private func checkJournal() -> Bool {
        let (waiting, parked) = JournalBacklog.read(dataDirectory: configuration.dataDirectory)
        let kinds = waiting.kinds.sorted { $0.key < $1.key }.map { "\($0.value) \($0.key)" }.joined(separator: ", ")
        let age = Int(waiting.age(at: .now()) / 60)
        let detail =
            waiting.rows == 0
            ? "nothing waits in it"
            : "\(waiting.rows) rows wait in it (\(kinds)), the oldest for \(age) min; a desk that runs brings them in"
        guard parked > 0 else { return report("journal", nil, detail) }
        return report(
            "journal",
            "\(detail); \(parked) that could not be brought in lie in \(configuration.dataDirectory)/journal/parked. "
                + "Each file says why in its second line; remove it when it is dealt with.", "")
    }

    private func checkKeitaro(_ storage: Storage) async -> Bool {
        if configuration.demo { return report("Keitaro", nil, "simulated; it runs while the demo is served") }
        guard let url = configuration.keitaroURL else {
            return report("Keitaro", "KEITARO_URL is not set. Set it in .env to use the flow editor.", "")
        }
        let fetch = Fetch(loops: loops, options: configuration.fetchOptions)
        let client = KeitaroTrackers(fetch: fetch, log: log).client(at: url)
        defer { Task { await fetch.close() } }
        do {
            // Without a key a tracker that is well refuses with 401; that it does is what is checked.
            try await client.probe(Secret("doctor-without-key"))
            return report("Keitaro", nil, url)
        } catch {
            if error.error == .keyRefused { return report("Keitaro", nil, "\(url) answers") }
            return report("Keitaro", "\(url): \(error.error). Check KEITARO_URL and the way there.", "")
        }
    }
}

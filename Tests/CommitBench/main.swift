import Base
import Glibc
import Postgres
import Reactor
import Synchronization

// Commits rows as fast as it can for a while and prints one line of figures, for bin/bench-database. Arguments: the database's URL,
// "group", "journaled" (the same with a journal that stands by) or "single" (each row its own statement), seconds, clients, loops; or the
// URL, "serve" and a port: see QueryServer.

/// The row that pgbench inserts in the same run.
struct BenchEvent: JournaledRow {
    let id: Int64

    /// In the order of the numbers.
    var key: [UInt8] { withUnsafeBytes(of: id.bigEndian) { Array($0) } }
    var name: String { "event \(id)" }

    static var isRepeatable: Bool { true }

    static func statement(_ rows: [BenchEvent]) -> SQL {
        """
        INSERT INTO bench_events (id, name, amount, at)
        SELECT id, name, amount, now()
        FROM unnest(\(rows.map(\.id))::bigint[], \(rows.map(\.name))::text[], \(rows.map { _ in 1 })::int[])
            AS t (id, name, amount) ORDER BY id
        ON CONFLICT DO NOTHING
        """
    }

    static func answers(to rows: [BenchEvent], from result: Rows) throws(PostgresError) -> [Bool] {
        rows.map { _ in true }
    }

    static var kind: String { "bench event" }
    var journaled: [UInt8] { key }
    init?(journaled: [UInt8]) {
        guard journaled.count == 8 else { return nil }
        id = journaled.reduce(0) { $0 << 8 | Int64($1) }
    }
    init(id: Int64) { self.id = id }

    func insert(into database: Database) async throws(PostgresError) {
        _ = try await database.execute(
            "INSERT INTO bench_events (id, name, amount, at) VALUES (\(id), \(name), 1, now()) ON CONFLICT DO NOTHING")
    }
}

let words = CommandLine.arguments
if words.count == 4, words[2] == "serve", let port = UInt16(words[3]) {
    try QueryServer.run(words[1], port: port)
    exit(0)
}
guard words.count == 6, let seconds = Int64(words[3]), let clients = Int(words[4]), let loopCount = Int(words[5]) else {
    exit(64)
}
let mode = words[2]
let loops = try (0..<max(1, loopCount)).map { try EventLoop(name: "bench-\($0)") }
loops.forEach { $0.start() }
let log = Logger(component: "bench", sink: Logger.nowhere)
let database = try Database(url: Secret(words[1]), loops: loops, log: log)
let committer = GroupCommitter<BenchEvent>(database)
var folder = Array("/tmp/sluice-bench-XXXXXX".utf8CString)
guard let made = mkdtemp(&folder) else { exit(73) }
let directory = String(cString: made)
let journal = try Journal(dataDirectory: directory, log: log)
let journaled = JournaledCommitter<BenchEvent>(database, journal: journal, log: log)
let rows = Atomic<Int>(0)
let failures = Atomic<Int>(0)

let began = MonotonicTime.now()
let end = began + .seconds(seconds)
await withTaskGroup(of: Void.self) { group in
    for client in 0..<clients {
        group.addTask(executorPreference: loops[client % loops.count]) {
            while MonotonicTime.now() < end {
                let event = BenchEvent(id: .random(in: 1...9_000_000_000_000_000_000))
                do throws(PostgresError) {
                    switch mode {
                    case "group": _ = try await committer.submit(event)
                    case "journaled": _ = try await journaled.submit(event)
                    default: try await event.insert(into: database)
                    }
                    rows.add(1, ordering: .relaxed)
                } catch {
                    failures.add(1, ordering: .relaxed)
                }
            }
        }
    }
}
let time = Double((MonotonicTime.now() - began).wholeNanoseconds) / 1e9
await database.close()

var usage = rusage()
getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
let processor =
    Double(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) + Double(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec)
    / 1e6
let count = rows.load(ordering: .relaxed)
let figures = mode == "journaled" ? journaled.figures : committer.figures
let kept = journal.figures.rows
await journal.close()
for name in try FileSystem.list("\(directory)/journal") {
    for file in try FileSystem.list("\(directory)/journal/\(name)") { unlink("\(directory)/journal/\(name)/\(file)") }
    rmdir("\(directory)/journal/\(name)")
}
rmdir("\(directory)/journal")
rmdir(directory)
let sizes = zip(GroupCommitFigures.bounds.map { "\($0)" } + ["more"], figures.batchesBySize)
    .filter { $0.1 > 0 }.map { "\($0.0):\($0.1)" }.joined(separator: " ")
print(
    "\(Int(Double(count) / time)) \(Int(processor * 1e6 / Double(max(count, 1)))) \(usage.ru_maxrss / 1024) "
        + "\(failures.load(ordering: .relaxed)) \(sizes)")
if kept > 0 { print("\(kept) rows went to the journal") }

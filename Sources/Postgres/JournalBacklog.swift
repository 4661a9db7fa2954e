import Base
import Glibc

/// What waits in journals to be replayed. A file counts whole until all its rows are in the database.
package struct JournalBacklog: Hashable, Sendable {
    package var files = 0
    package var bytes = 0
    /// Rows by kind.
    package var kinds: [String: Int] = [:]
    /// When the oldest of the files was begun; of those a dead process has left, when it wrote to it last.
    package var oldest: Timestamp?

    init(files: Int = 0, bytes: Int = 0, kinds: [String: Int] = [:], oldest: Timestamp? = nil) {
        self.files = files
        self.bytes = bytes
        self.kinds = kinds
        self.oldest = oldest
    }

    /// Of one file. Blocks.
    init(path: String) {
        guard let file = try? FileSystem.read(path, limit: 1 << 30) else { return }
        files = 1
        bytes = file.count
        kinds = JournalRecord.contents(of: file).entries.reduce(into: [:]) { $0[$1.record.kind, default: 0] += 1 }
        var information = stat()
        guard stat(path, &information) == 0 else { return }
        oldest = Timestamp(microseconds: Int64(information.st_mtim.tv_sec) * 1_000_000)
    }

    package var rows: Int { kinds.values.reduce(0, +) }

    /// Seconds; 0 when nothing waits.
    package func age(at now: Timestamp) -> Double {
        guard let oldest else { return 0 }
        return max(0, Double(now.microseconds - oldest.microseconds) / 1e6)
    }

    package static func + (left: Self, right: Self) -> Self {
        JournalBacklog(
            files: left.files + right.files, bytes: left.bytes + right.bytes,
            kinds: left.kinds.merging(right.kinds, uniquingKeysWith: +),
            oldest: [left.oldest, right.oldest].compactMap { $0 }.min { $0.microseconds < $1.microseconds })
    }

    /// All journals under `DATA_DIR`, those of living processes too, and how many rows and damaged files were put aside. For a command:
    /// reads everything. Blocks.
    package static func read(dataDirectory: String) -> (waiting: JournalBacklog, parked: Int) {
        let directory = JournalDirectory(dataDirectory: dataDirectory)
        let waiting = directory.names().flatMap { directory.segments(of: $0) }.reduce(JournalBacklog()) {
            $0 + JournalBacklog(path: $1.path)
        }
        return (waiting, ((try? FileSystem.list(directory.parked)) ?? []).count)
    }
}

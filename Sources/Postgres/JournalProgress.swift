import Base
import Glibc

/// How far the replay of one journal has come, and what it was doing when its process died. On the disk before each step.
struct JournalProgress: Hashable {
    static let fileName = "progress"

    /// The file, and how much of it is done.
    var segment = 0
    var done = 0
    /// What is being tried, from `done` on; 0 when nothing is.
    var tried = 0
    /// How often a process died over exactly this.
    var deaths = 0
    /// Up to here every row goes alone: a batch that held them killed its process.
    var alone = 0

    /// A process has come back to a journal whose last replayer died: nobody takes `tried` back but a step that ended.
    mutating func takeOver(rows: [(start: Int, end: Int)]) {
        guard tried > done else { return }
        let isOneRow = rows.contains { $0.start == done && $0.end == tried }
        if isOneRow {
            deaths += 1
        } else {
            alone = max(alone, tried)
            deaths = 0
        }
        tried = 0
    }

    /// Whether the row at `done` has killed its process twice.
    var isDeadly: Bool { deaths >= 2 }

    mutating func finished(upTo end: Int) {
        done = end
        tried = 0
        deaths = 0
    }

    private var text: String { "\(segment) \(done) \(tried) \(deaths) \(alone)\n" }

    /// Nil when there is none, or none that can be read: then the replay begins anew, which does no harm.
    static func load(_ directory: String) -> JournalProgress? {
        guard let bytes = try? FileSystem.read("\(directory)/\(fileName)", limit: 4_096) else { return nil }
        let numbers = String(decoding: bytes, as: UTF8.self).trimmingSuffix { $0 == "\n" }.split(separator: " ").map {
            Int($0)
        }
        guard numbers.count == 5, let segment = numbers[0], let done = numbers[1], let tried = numbers[2],
            let deaths = numbers[3], let alone = numbers[4]
        else { return nil }
        return JournalProgress(segment: segment, done: done, tried: tried, deaths: deaths, alone: alone)
    }

    func save(_ directory: String) throws(SystemError) {
        try FileSystem.write(Array(text.utf8), to: "\(directory)/\(Self.fileName)", mode: 0o600)
    }
}

extension String {
    fileprivate func trimmingSuffix(_ isTrimmed: (Character) -> Bool) -> Substring {
        var rest = self[...]
        while let last = rest.last, isTrimmed(last) { rest.removeLast() }
        return rest
    }
}

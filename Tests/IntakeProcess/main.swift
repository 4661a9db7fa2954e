import Base
import Glibc
import Postgres
import Reactor
import Synchronization
import TestIntake

// Takes rows as a desk does, until it is killed: arguments are the database's URL, DATA_DIR, the first id, and the file that gets the
// id of each row that was answered for. What is in that file must be in the table afterwards, once.

let words = CommandLine.arguments
guard words.count == 5, let first = Int64(words[3]) else { exit(64) }
let answers = open(words[4], O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
guard answers >= 0 else { exit(66) }

let log = Logger(component: "intake", sink: Logger.nowhere)
let intakeLoop = try EventLoop(name: "intake")
let database = try Database(url: Secret(words[1]), loops: [intakeLoop], log: log)
let journal = try Journal(dataDirectory: words[2], log: log)
var settings = GroupCommitter<CountedEvent>.Settings()
settings.patience = .milliseconds(50)
settings.statementDeadline = .seconds(2)
let committer = JournaledCommitter<CountedEvent>(database, journal: journal, settings: settings, log: log)
let replayer = JournalReplayer(
    journal, handlers: [CountedEvent.kind: committer.handler], loop: intakeLoop, pause: .milliseconds(20), log: log)
replayer.start()
let next = Atomic<Int64>(first)
for _ in 0..<32 {
    intakeLoop.spawn {
        while true {
            let id = next.add(1, ordering: .relaxed).oldValue
            let row = CountedEvent(id: id, name: "event \(id)", amount: 1)
            while true {
                do throws(PostgresError) {
                    _ = try await committer.submit(row)
                    break
                } catch {
                    await intakeLoop.sleep(for: .milliseconds(5))
                }
            }
            let line = Array("\(id)\n".utf8)
            _ = write(answers, line, line.count)
        }
    }
}
intakeLoop.run()

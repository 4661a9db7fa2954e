import Base
import Glibc
import Postbacks
import Postgres
import Reactor
import Synchronization

// Takes postbacks as a desk does, until it is killed: arguments are the database's URL, DATA_DIR, a word that makes clicks its own, how
// many a second (0: as many as can be), and the file that gets the click of each postback that was answered for. What is in that file
// must be in every table afterwards, once.

let words = CommandLine.arguments
guard words.count == 6, let rate = Int(words[4]) else { exit(64) }
let answers = open(words[5], O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
guard answers >= 0 else { exit(66) }

let log = Logger(component: "postbacks", sink: Logger.nowhere)
let loop = try EventLoop(name: "postbacks")
let database = try Database(url: Secret(words[1]), loops: [loop], log: log)
let profile = PostbackProfile(id: 1, name: "Profile", chatID: 100)
let number = Atomic<Int>(0)
let senders = 32
loop.spawn {
    guard let intake = try? await RowIntake.open(database, dataDirectory: words[2], loop: loop, log: log) else {
        exit(70)
    }
    var settings = GroupCommitter<PostbackRow>.Settings()
    if rate == 0 {
        settings.patience = .milliseconds(50)
        settings.statementDeadline = .seconds(2)
    }
    let rows = intake.accept(PostbackRow.self, settings: settings)
    intake.start()
    for _ in 0..<senders {
        loop.spawn {
            while true {
                let count = number.add(1, ordering: .relaxed).oldValue
                // Every third is about the conversion of the one before it.
                let click = "\(words[3])-\(count - count % 3 / 2)"
                let fields = PostbackFields(
                    query:
                        "subid=\(click)&tid=t&revenue=2&campaign_id=\(count % 5)&status=\(count % 3 == 2 ? "sale" : "lead")"
                        .utf8)
                let row = PostbackRow(PostbackReading.read(fields, for: profile), of: profile, origin: .keitaro)
                while true {
                    do throws(PostgresError) {
                        _ = try await rows.submit(row)
                        break
                    } catch {
                        await loop.sleep(for: .milliseconds(5))
                    }
                }
                let line = Array("\(row.id)\n".utf8)
                _ = write(answers, line, line.count)
                if rate > 0 { await loop.sleep(for: .milliseconds(Int64(1_000 * senders / rate))) }
            }
        }
    }
}
loop.run()

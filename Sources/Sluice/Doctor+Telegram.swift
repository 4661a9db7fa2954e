import Base
import Fetch
import Postgres
import Telegram

extension Doctor {
    /// Whether the bots are who they should be, and whether what is to be told is told.
    func checkTelegram(_ storage: Storage) async -> Bool {
        if configuration.demo { return report("Telegram", nil, "simulated; it runs while the demo is served") }
        guard let bots = Bots(configuration, demo: nil) else {
            return report(
                "Telegram", nil, "neither TELEGRAM_BOT_TOKEN nor ADMIN_BOT_TOKEN is set: nothing is sent to Telegram")
        }
        let fetch = Fetch(loops: loops, options: configuration.fetchOptions)
        var isWell = true
        for token in bots.all {
            let client = TelegramClient(fetch: fetch, token: token, url: bots.url)
            let name = token == configuration.telegramBotToken ? "TELEGRAM_BOT_TOKEN" : "ADMIN_BOT_TOKEN"
            do throws(TelegramFailure) {
                isWell = report("Telegram", nil, "\(name) is @\(try await client.getMe().username)'s") && isWell
            } catch {
                isWell = report("Telegram", Self.sentence(error, name, bots.url), "") && isWell
            }
        }
        isWell = await checkQueue(storage) && isWell
        await fetch.close()
        return isWell
    }

    private static func sentence(_ failure: TelegramFailure, _ name: String, _ url: String) -> String {
        switch failure {
        case .token: "\(url) does not know the token. Set \(name) to the one that @BotFather gave."
        case .unavailable(let reason): "\(url) can't be reached: \(reason). Check TELEGRAM_API_URL and the way there."
        default: failure.description
        }
    }

    private func checkQueue(_ storage: Storage) async -> Bool {
        do {
            let health = try await TelegramHealth.read(storage.database)
            let detail = "\(health.waiting) messages wait, \(health.sentToday) were sent in the last day"
            var problems: [String] = []
            if health.oldestSeconds > 600 {
                problems.append("the oldest message has waited for \(health.oldestSeconds / 60) min")
            }
            if health.failedToday > 0 { problems.append("\(health.failedToday) could not be sent in the last day") }
            problems += health.problems.map { "\($0.title): \($0.problem.sentence)" }
            return report("messages", problems.isEmpty ? nil : "\(detail); \(problems.joined(separator: "; "))", detail)
        } catch {
            return report("messages", "\(error)", "")
        }
    }
}

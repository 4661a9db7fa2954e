import DataKeeping
import Postbacks
import Postgres
import Telegram

extension Retention {
    /// With the tables of all features.
    static func ofDesk(_ database: Database) -> Retention {
        let removals = PostbackUpkeep(database: database).removals
        return Retention(
            database: database,
            removals: removals.merging(TelegramRetention(database: database).removals) { first, _ in first })
    }
}

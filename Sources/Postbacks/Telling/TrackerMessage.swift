import Base
import Telegram
import Views

/// What a chat is told about a profile itself: too many differences with Keitaro, and silence. Telegram's HTML.
package struct TrackerMessage: Sendable {
    private let language: Language
    private let profile: String
    /// Where it can be looked at; nil: the desk does not know its address.
    private let base: String?

    /// - Parameter publicURL: `https://desk.example`
    package init(_ profile: PostbackProfile, publicURL: String?) {
        language = Language(rawValue: profile.language) ?? .ru
        self.profile = "<b>\(TelegramHTML.escape(profile.name))</b>"
        base = publicURL
    }

    /// - Parameter step: 2 or 5, the percentage that was passed.
    package func gap(step: Int, percent: Double, differing: Int, of all: Int, day: String, profileID: Int64) -> String {
        let share = NumberFormat(language).percent(percent, places: 1)
        let counted = "\(differing)/\(all)"
        let said = pick(
            "\(share) of the conversions of \(day) differ from Keitaro (\(counted)).",
            "\(share) конверсій за \(day) не збігаються з Keitaro (\(counted)).",
            "\(share) конверсий за \(day) не совпадают с Keitaro (\(counted)).")
        let meaning =
            step >= 5
            ? pick(
                "Above 5% the numbers can’t be trusted: don’t scale until it is mended.",
                "Понад 5 % числам не можна вірити: не масштабуйте, доки не виправите.",
                "Больше 5 % — числам нельзя верить: не масштабируйте, пока не исправите.")
            : pick(
                "Above 2% something is wrong with the postbacks.", "Понад 2 % — з постбеками щось не так.",
                "Больше 2 % — с постбеками что-то не так.")
        return lines(
            "\(step >= 5 ? "🚨" : "⚠️") \(profile)", said, meaning, "/postbacks/reconciliation/?profile=\(profileID)")
    }

    package func silence(since: Timestamp, at now: Timestamp, longestPause: Duration, profileID: Int64) -> String {
        let time = DateFormat(language, offsetMinutes: 0).dateTime(since) + " UTC"
        let said = pick(
            "No conversion for \(text(now.since(since))), since \(time).",
            "Жодної конверсії вже \(text(now.since(since))), від \(time).",
            "Ни одной конверсии уже \(text(now.since(since))), с \(time).")
        let usual = pick(
            "The longest pause in the week before was \(text(longestPause)).",
            "Найдовша пауза за тиждень до того — \(text(longestPause)).",
            "Самая длинная пауза за неделю до того — \(text(longestPause)).")
        return lines("🔕 \(profile)", said, usual, "/postbacks/?profile=\(profileID)")
    }

    private func lines(_ title: String, _ said: String, _ meaning: String, _ path: String) -> String {
        ([title, said, meaning] + [base.map { TelegramHTML.escape($0 + path) }].compactMap { $0 })
            .joined(separator: "\n")
    }

    private func text(_ duration: Duration) -> String { NumberFormat(language).duration(duration) }

    private func pick(_ en: String, _ uk: String, _ ru: String) -> String {
        switch language {
        case .en: en
        case .uk: uk
        case .ru: ru
        }
    }
}

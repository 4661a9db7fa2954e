import Base

/// How fast messages may go (reference, telegram.md §1.1), and when the next one may. Pure.
package struct TelegramPace: Hashable, Sendable {
    /// Between two messages of the bot: 30 a second, and a little, for the way there is not always equally long.
    package var botInterval = Duration.milliseconds(34)
    /// Between two messages to a chat.
    package var chatInterval = Duration.seconds(1)
    /// To a group or channel within `groupWindow`.
    package var groupMessages = 20
    package var groupWindow = Duration.milliseconds(60_500)
    /// `rate_limit_rps` of a profile that names none.
    package var usualPerSecond = 27
    /// Of a profile's places, what is caught up on.
    package var lateness = Duration.milliseconds(100)
    /// When the oldest waiting message is older, the chat gets a digest.
    package var digestAge = Duration.seconds(60)
    /// A message that could not be delivered for so long is given up.
    package var giveUpAfter = Duration.seconds(86_400)

    package init() {}

    /// When the chat may be sent to again.
    /// - Parameters:
    ///   - nextAt: the end of a pause, or Telegram's retry_after.
    ///   - recent: when it was sent to, the oldest first.
    package func earliest(chat: Int64, nextAt: Timestamp, recent: [Timestamp]) -> Timestamp {
        let next = max(nextAt, recent.last?.adding(chatInterval) ?? nextAt)
        guard chat < 0, recent.count >= groupMessages else { return next }
        return max(next, recent[recent.count - groupMessages].adding(groupWindow))
    }

    /// The sends that still count, with a new one.
    package func recent(_ sends: [Timestamp], with new: Timestamp) -> [Timestamp] {
        let start = new.adding(.zero - groupWindow)
        return (sends.filter { $0 > start } + [new]).suffix(groupMessages)
    }

    package func profileInterval(perSecond: Int?) -> Duration {
        .microseconds(1_000_000 / max(perSecond ?? usualPerSecond, 1))
    }

    /// When a profile has its next place. Whoever takes one some milliseconds late must not make all that follow later, so what was
    /// lost is caught up on, a little of it.
    package func nextOfProfile(after place: Timestamp, takenAt now: Timestamp, perSecond: Int?) -> Timestamp {
        max(place, now.adding(.zero - lateness)).adding(profileInterval(perSecond: perSecond))
    }

    /// After a failure of Telegram's or of the way there: a second, doubled up to a minute.
    package func pause(afterAttempt attempt: Int) -> Duration {
        .seconds(1 << min(max(attempt - 1, 0), 6)).capped(at: .seconds(60))
    }

    /// Until a chat that can't be written to is tried again; `my_chat_member` makes it sooner.
    package func pauseOfProblem(afterAttempt attempt: Int) -> Duration {
        .seconds(60 * (1 << min(max(attempt - 1, 0), 6))).capped(at: .seconds(3_600))
    }
}

extension Duration {
    fileprivate func capped(at most: Duration) -> Duration { min(self, most) }
}

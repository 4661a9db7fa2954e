import Base

/// The strip over the live log: the last hour in numbers.
package struct LogSummary: Hashable, Sendable {
    package var received: Int64 = 0
    /// In the same hour of the day before.
    package var receivedYesterday: Int64 = 0
    package var delivered: Int64 = 0
    /// From request to Telegram's answer; nil while nothing was delivered.
    package var medianMilliseconds: Int64?
    package var p99Milliseconds: Int64?
    package var waiting: Int64 = 0
    /// Since when the oldest waits; what is held until later doesn't count.
    package var oldestWaiting: Timestamp?
    package var failed: Int64 = 0
    /// Chats of this person's profiles in which the bot can't write.
    package var brokenChats: Int64 = 0
    package var duplicates: Int64 = 0
    /// Of the last two days' reconciliation; nil where there is none.
    package var compared: Int64?
    package var matching: Int64?
    /// Postbacks that Keitaro has and that did not come, and how many of them were filled in.
    package var missing: Int64 = 0
    package var recovered: Int64 = 0
    /// Received per minute, the last thirty, the running one last.
    package var minutes: [Int64] = []
}

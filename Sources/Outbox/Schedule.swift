import Base

/// Work that is due again and again: at each slot one item is put into the outbox, however many processes run.
///
/// Slots are counted from 1970 UTC, so every process knows the same ones. A slot that passed while nothing ran is made up for once,
/// and only the latest: what is done hourly is not done ten times after ten hours.
package struct OutboxSchedule: Sendable {
    /// Also the item's kind and its unique key: no second item while the last is unsettled.
    package let name: String
    package let every: Duration
    /// Moves the slots, so that not everything daily happens at midnight.
    package let offset: Duration

    /// - Parameter every: at least a second; shorter ones are taken as one.
    package init(_ name: String, every: Duration, offset: Duration = .zero) {
        self.name = name
        self.every = max(every, .seconds(1))
        self.offset = offset
    }
}

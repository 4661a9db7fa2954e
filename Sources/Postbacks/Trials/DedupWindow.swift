import Base

/// Which postbacks are repetitions, as `postback_dedup` knows it: within the time after the last that counted, with the same
/// click, transaction and status.
struct DedupWindow: Sendable {
    private struct Key: Hashable {
        let clickID, transactionID, status: String
    }

    private let time: Duration
    private var counted: [Key: Timestamp] = [:]
    private var limit = 10_000

    init(seconds: Int) { time = .seconds(max(seconds, 0)) }

    /// How many keys are remembered.
    var count: Int { counted.count }

    /// And remembers it when it is none. Without a click and a transaction nothing is a repetition.
    mutating func holds(_ postback: Postback, at moment: Timestamp) -> Bool {
        guard !(postback.clickID.isEmpty && postback.transactionID.isEmpty) else { return false }
        let key = Key(
            clickID: postback.clickID, transactionID: postback.transactionID, status: postback.status.name)
        if let last = counted[key], moment.since(last) < time { return true }
        counted[key] = moment
        if counted.count > limit {
            counted = counted.filter { moment.since($0.value) < time }
            limit = max(10_000, counted.count * 2)
        }
        return false
    }
}

/// What losing processes means for the items they held: an item may be what ended them.
///
/// A lease that runs out is a loss, unless its holder lives: a worker never rescues what it holds itself; after the database was
/// away it leaves others a lease's time to renew theirs; and a holder that finds its lease gone takes the loss back. Losses count
/// since the last outcome. An item that was lost is a suspect: a worker performs one of them at a time, so that those that only
/// stood beside the guilty one are soon cleared.
enum OutboxLoss {
    /// After so many in a row the item is given up, without being performed again.
    static let limit = 3
    /// Before it is tried again after the first and the second, on top of the lease.
    static let pauses: (first: Duration, second: Duration) = (.seconds(2), .seconds(60))

    static let reason = "the process was lost"
    static let finalReason = """
        Three times in a row the process that performed this ended before it was through, so it is not tried again. It may have \
        been done all the same. Look into the log for what ended the processes, then choose Retry.
        """
}

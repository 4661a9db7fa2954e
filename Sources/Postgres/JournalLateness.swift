/// What this process has seen of statements that ran into their deadline during a replay, and what follows: fewer rows go together,
/// until the one that is slow stands alone. Not on the disk: the next process finds out anew. Pure.
struct JournalLateness: Hashable {
    /// A row that stood alone is suspected after this many deadlines in a row: it goes if others of its kind pass.
    static let suspicion = 3
    /// After this many it goes whatever others do, some twenty minutes with the usual deadline: nothing may stop a replay for ever.
    static let patience = 40

    private var file = ""
    /// Where in the file the slow row is, if it is a row.
    private var range = 0..<0
    /// How many rows may go together there; nil: as many as usual.
    private var limit: Int?
    /// Of the batch that was late last, and how often it was in a row.
    private var rows = 0
    private(set) var times = 0

    /// How many rows may go together from `offset` on; nil: as many as usual.
    func limit(_ file: String, at offset: Int) -> Int? {
        file == self.file && range.contains(offset) ? limit : nil
    }

    /// The batch from `offset` to `end` ran into its deadline. A second time halves it, and from then on each half is halved at once.
    mutating func late(_ file: String, from offset: Int, to end: Int, rows count: Int) {
        let isSearching = file == self.file && range.contains(offset)
        let isSame = isSearching && offset == range.lowerBound && count == rows
        times = isSame ? times + 1 : 1
        if !isSearching { limit = nil }
        self.file = file
        range = offset..<max(offset, end)
        rows = count
        guard count > 1, times > 1 || limit != nil else { return }
        limit = count / 2
    }

    /// Of a row that stands alone.
    var isSuspect: Bool { rows == 1 && times >= Self.suspicion }
    var isOver: Bool { rows == 1 && times >= Self.patience }
}

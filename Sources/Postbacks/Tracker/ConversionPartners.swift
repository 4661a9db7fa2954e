import Base

/// Finds for each conversion of Keitaro's log the one of ours that is the same; each of ours is found once.
struct ConversionPartners {
    private struct Key: Hashable {
        let clickID, transactionID: String
    }

    private let ours: [KnownConversion]
    private var isTaken: [Bool]
    /// Places in `ours`, the earliest last.
    private var byKey: [Key: [Int]] = [:]
    private var byClick: [String: [Int]] = [:]

    init(_ ours: [KnownConversion]) {
        self.ours = ours
        isTaken = Array(repeating: false, count: ours.count)
        for place in ours.indices.sorted(by: { ours[$0].at > ours[$1].at }) {
            let known = ours[place]
            byKey[Key(clickID: known.clickID, transactionID: known.transactionID), default: []].append(place)
            byClick[known.clickID, default: []].append(place)
        }
    }

    /// Those of ours that nothing was paired with.
    var left: [KnownConversion] {
        ours.indices.filter { !isTaken[$0] }.map { ours[$0] }
    }

    /// In the order of time: first all that agree on the transaction, or on having none, then those of one click where one side has
    /// none. Two different transactions never meet.
    mutating func pair(_ theirs: [LoggedConversion]) -> [(LoggedConversion, KnownConversion?)] {
        let sorted = theirs.sorted { $0.at < $1.at }
        var found: [Int?] = []
        for logged in sorted {
            let place = byKey[Key(clickID: logged.clickID, transactionID: logged.transactionID)]?.popLast()
            if let place { isTaken[place] = true }
            found.append(place)
        }
        for (index, logged) in sorted.enumerated() where found[index] == nil {
            let place = byClick[logged.clickID]?.last { place in
                !isTaken[place] && (logged.transactionID.isEmpty || ours[place].transactionID.isEmpty)
            }
            if let place { isTaken[place] = true }
            found[index] = place
        }
        return zip(sorted, found).map { ($0, $1.map { ours[$0] }) }
    }
}

import Ledger

/// Which conversions a trial's postbacks belong to, as far as it decides what a policy keeps from being told: the Ledger's way of finding
/// them, without their revenue.
struct TriedConversions: Sendable {
    private struct Conversion {
        /// The first that came.
        var transactionID: String
        var eventIDs: Set<String>
    }

    /// Whether any policy asks for it; without one nothing is remembered.
    let isNeeded: Bool
    private var conversions: [String: Conversion] = [:]
    /// By the external id without a transaction: those of a click.
    private var ofClick: [String: [String]] = [:]

    init(for profile: PostbackProfile) {
        isNeeded = profile.policies.values.contains { $0 == .ignore || $0 == .ignoreSameEvent }
    }

    /// And remembers it. Only for what is no duplicate.
    mutating func ignores(_ postback: Postback, of profile: PostbackProfile) -> Bool {
        let ids = ConversionChanges.externalIDs(
            profileID: profile.id, clickID: postback.clickID, transactionID: postback.transactionID)
        guard isNeeded, let newID = ids.full ?? ids.base else { return false }
        let policy = profile.policy(for: postback.status)
        let eventID = policy == .ignoreSameEvent ? postback.eventID : ""
        guard let target = target(ids, postback.transactionID), var known = conversions[target] else {
            conversions[newID] = Conversion(
                transactionID: postback.transactionID, eventIDs: eventID.isEmpty ? [] : [eventID])
            if let base = ids.base { ofClick[base, default: []].append(newID) }
            return false
        }
        // A further conversion, which nothing finds again.
        if policy == .new || policy == .newRepeated { return false }
        let isIgnored = policy == .ignore || known.eventIDs.contains(eventID)
        if known.transactionID.isEmpty { known.transactionID = postback.transactionID }
        if !eventID.isEmpty { known.eventIDs.insert(eventID) }
        conversions[target] = known
        return isIgnored
    }

    private func target(_ ids: (base: String?, full: String?), _ transactionID: String) -> String? {
        if let full = ids.full, conversions[full] != nil { return full }
        guard let base = ids.base else { return nil }
        guard let known = conversions[base] else {
            // Without a transaction it belongs to the click's only one.
            guard ids.full == nil, let ofClick = ofClick[base], ofClick.count == 1 else { return nil }
            return ofClick.first
        }
        let isJoined = ids.full == nil || known.transactionID.isEmpty || known.transactionID == transactionID
        return isJoined ? base : nil
    }
}

import Base

/// One conversion as Keitaro's own log has it.
package struct LoggedConversion: Hashable, Sendable {
    package var clickID: String
    /// Empty when it has none.
    package var transactionID: String
    /// Keitaro's word: lead, sale, rejected, rebill, or another.
    package var status: String
    package var revenue: Amount
    /// When it was converted, not when it last changed.
    package var at: Timestamp

    package init(clickID: String, transactionID: String, status: String, revenue: Amount, at: Timestamp) {
        self.clickID = clickID
        self.transactionID = transactionID
        self.status = status
        self.revenue = revenue
        self.at = at
    }
}

/// The same as the Ledger has it.
package struct KnownConversion: Hashable, Sendable {
    package var clickID: String
    package var transactionID: String
    package var status: PostbackStatus
    package var revenue: Amount
    package var at: Timestamp

    package init(clickID: String, transactionID: String, status: PostbackStatus, revenue: Amount, at: Timestamp) {
        self.clickID = clickID
        self.transactionID = transactionID
        self.status = status
        self.revenue = revenue
        self.at = at
    }
}

/// What Keitaro's log and the Ledger disagree about.
package struct ConversionDifference: Hashable, Sendable {
    /// Raw values are those of `keitaro_differences.kind`.
    package enum Kind: String, Hashable, Sendable, CaseIterable {
        /// Keitaro has it, and no postback came.
        case neverArrived = "never_arrived"
        /// The status is another; the amount is then not looked at, for it follows.
        case statusLag = "status_lag"
        /// The same status with another amount.
        case amount
        /// A postback came, and Keitaro has no such conversion.
        case unknownClick = "unknown_click"
    }

    package let kind: Kind
    /// Nil for ``Kind/unknownClick`` only.
    package let theirs: LoggedConversion?
    /// Nil for ``Kind/neverArrived`` only.
    package let ours: KnownConversion?

    package var clickID: String { theirs?.clickID ?? ours?.clickID ?? "" }
    package var transactionID: String { theirs?.transactionID ?? ours?.transactionID ?? "" }
}

/// Keitaro's log beside the Ledger, for one stretch of time.
package struct Reconciliation: Sendable {
    /// Conversions in the stretch, of either side.
    package let theirs: Int
    package let ours: Int
    /// Of theirs, those that ours have with the same status and amount.
    package let matching: Int
    /// Of theirs, those that are too young to be missed.
    package let pending: Int
    /// By time.
    package let differences: [ConversionDifference]

    /// Smaller differences of an amount are rounding between currencies.
    package static let tolerance = Amount(canonical: "0.01")

    /// What is within `stretch` is judged; both sides should reach some minutes beyond it, for a conversion at midnight has its
    /// time from two clocks. Partners are found by click and transaction; where one side has no transaction, by the click alone.
    ///
    /// - Parameter pendingSince: what Keitaro converted later is not missed yet: it sends postbacks in the runs of a queue.
    /// - Parameter profile: says what Keitaro's words for a status mean.
    package init(
        theirs: [LoggedConversion], ours: [KnownConversion], in stretch: Range<Timestamp>, pendingSince: Timestamp,
        profile: PostbackProfile
    ) {
        var partners = ConversionPartners(ours)
        var differences: [ConversionDifference] = []
        var counts = (theirs: 0, matching: 0, pending: 0)
        let pairs = partners.pair(theirs)
        for (logged, known) in pairs where stretch.contains(logged.at) {
            counts.theirs += 1
            guard let kind = Self.kind(logged, known, profile) else {
                counts.matching += 1
                continue
            }
            if logged.at >= pendingSince, kind != .amount {
                counts.pending += 1
            } else {
                differences.append(ConversionDifference(kind: kind, theirs: logged, ours: known))
            }
        }
        for known in partners.left where stretch.contains(known.at) {
            differences.append(ConversionDifference(kind: .unknownClick, theirs: nil, ours: known))
        }
        self.theirs = counts.theirs
        self.ours = ours.count { stretch.contains($0.at) }
        matching = counts.matching
        pending = counts.pending
        self.differences = differences.sorted { Self.order($0) < Self.order($1) }
    }

    private static func kind(
        _ logged: LoggedConversion, _ known: KnownConversion?, _ profile: PostbackProfile
    ) -> ConversionDifference.Kind? {
        guard let known else { return .neverArrived }
        let status = PostbackReading.status(of: logged.status, for: profile).status
        if status != known.status { return .statusLag }
        // What was rejected earns nothing; whether its amount stays in the log depends on Keitaro's version.
        if status == .rejected { return nil }
        guard let distance = Amount.distance(logged.revenue, known.revenue) else { return .amount }
        return Amount.compare(distance, tolerance) > 0 ? .amount : nil
    }

    private static func order(_ difference: ConversionDifference) -> (Timestamp, String, String, String) {
        let at = difference.theirs?.at ?? difference.ours?.at ?? Timestamp(microseconds: 0)
        return (at, difference.clickID, difference.transactionID, difference.kind.rawValue)
    }

    /// The share of conversions with a difference, in percent of what either side has; nil when there are none. Those that are
    /// not missed yet do not count.
    package var differingPercent: Double? {
        let unknown = differences.count { $0.kind == .unknownClick }
        let all = theirs - pending + unknown
        return all > 0 ? Double(differences.count) * 100 / Double(all) : nil
    }

    /// 2 or 5 when more than that many percent differ, else 0: below 2 % is usual, above 5 % buyers stop (peers §A3).
    package var warning: Int {
        guard let percent = differingPercent else { return 0 }
        return percent > 5 ? 5 : percent > 2 ? 2 : 0
    }
}

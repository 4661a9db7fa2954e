/// Whether a conversion's revenue is certain. What was rejected keeps its amount and counts for nothing.
package enum RevenueState: String, Hashable, Sendable {
    case hold, confirmed, rejected

    /// A registration's is on hold until its sale, as Keitaro calls it ("Revenue (hold)"); an unknown status' too.
    package static func of(status: String) -> RevenueState {
        switch status {
        case "deposit", "rebill": .confirmed
        case "rejected": .rejected
        default: .hold
        }
    }
}

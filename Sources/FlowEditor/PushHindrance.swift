/// Why a flow can't be pushed as it stands.
enum PushHindrance: Hashable, Sendable {
    /// The draft changes nothing.
    case unchanged
    /// An earlier push is on its way.
    case running
    /// Keitaro no longer has the flow.
    case gone
    /// Keitaro has changed it meanwhile: one side is to be chosen first.
    case conflict
    case set(PushBlock)

    /// The API's word for it.
    var code: String {
        switch self {
        case .unchanged: "unchanged"
        case .running: "running"
        case .gone: "gone"
        case .conflict: "conflict"
        case .set(.noActiveOffer): "no_active_offer"
        case .set(.duplicateOffer): "duplicate_offer"
        case .set(.shareOutOfRange): "share_out_of_range"
        case .set(.totalIsNot100): "total"
        }
    }

    static let codes = [
        "unchanged", "running", "gone", "conflict", "no_active_offer", "duplicate_offer", "share_out_of_range", "total",
    ]
}

extension Flow {
    /// Nil when a push may be asked for.
    var pushHindrance: PushHindrance? {
        let draft = draft
        if newestPush?.state == .waiting { return .running }
        if isGone { return .gone }
        if draft.isClean { return .unchanged }
        if let block = draft.pushBlock { return .set(block) }
        return theirs == nil ? nil : .conflict
    }
}

/// The state of a campaign, stream, offer, network, or of an offer's row in a stream (keitaro.md §1.3). Open, for versions differ.
package enum KeitaroState: Hashable, Sendable, CustomStringConvertible {
    case active
    case disabled
    /// Archived.
    case deleted
    case other(String)

    package init(_ text: String) {
        self =
            switch text {
            case "active": .active
            case "disabled": .disabled
            case "deleted", "archived": .deleted
            default: .other(text)
            }
    }

    package var description: String {
        switch self {
        case .active: "active"
        case .disabled: "disabled"
        case .deleted: "deleted"
        case .other(let text): text
        }
    }
}

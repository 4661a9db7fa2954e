/// What the audit log says about flows: names and shares, as people read them on the page.
extension Flow {
    var auditName: String { name.isEmpty ? "flow \(id)" : "flow \(id) \(name)" }
}

extension [FlowOfferRow] {
    /// `Teeth 60%, Joints 40% pinned`; what is removed or off in Keitaro is left out.
    var auditText: String {
        filter(\.isActive).map { "\($0.name) \($0.share ?? 0)%\($0.isPinned ? " pinned" : "")" }.joined(separator: ", ")
    }
}

extension [OfferShare] {
    func auditText(_ rows: [FlowOfferRow]) -> String {
        let names = Dictionary(rows.map { ($0.offerID, $0.name) }, uniquingKeysWith: { first, _ in first })
        return filter(\.isActive).map { "\(names[$0.offerID] ?? "#\($0.offerID)") \($0.share)%" }.joined(
            separator: ", ")
    }
}

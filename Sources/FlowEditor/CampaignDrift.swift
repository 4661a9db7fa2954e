import Base
import Keitaro

/// How Keitaro differs from what was last fetched of a campaign. Pure; drafts don't count, for they are not in Keitaro yet.
struct CampaignDrift: Sendable {
    enum Note: Hashable, Sendable {
        case new, gone, turnedOff, turnedOn
        case renamed(String)
    }

    struct FlowDrift: Sendable {
        let streamID: Int64
        let number: Int
        let name: String
        let notes: [Note]
        let offers: [OfferDifference]
        let offerNames: [Int64: String]

        var isSame: Bool { notes.isEmpty && offers.isEmpty }
    }

    let flows: [FlowDrift]
    let checkedAt: Timestamp

    var isSame: Bool { flows.allSatisfy(\.isSame) }
    var differenceCount: Int { flows.reduce(0) { $0 + $1.notes.count + $1.offers.count } }

    init(stored: [Flow], streams: [KeitaroStream], checkedAt: Timestamp) {
        self.checkedAt = checkedAt
        let byID = Dictionary(streams.map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
        var drifts: [FlowDrift] = stored.filter { !$0.isGone }.map { flow in
            let names = Dictionary(flow.rows.map { ($0.offerID, $0.name) }, uniquingKeysWith: { first, _ in first })
            guard let stream = byID[flow.keitaroID] else {
                return FlowDrift(
                    streamID: flow.keitaroID, number: flow.number, name: flow.name, notes: [.gone], offers: [],
                    offerNames: names)
            }
            return FlowDrift(
                streamID: flow.keitaroID, number: flow.number, name: flow.name, notes: Self.notes(flow, stream),
                offers: OfferDifference.between(flow.draft.baseOffers, stream.offerSet), offerNames: names)
        }
        let known = Set(stored.filter { !$0.isGone }.map(\.keitaroID))
        for (index, stream) in streams.enumerated() where !known.contains(stream.id) {
            drifts.append(
                FlowDrift(
                    streamID: stream.id, number: index + 1, name: stream.name, notes: [.new], offers: [],
                    offerNames: [:]))
        }
        flows = drifts
    }

    private static func notes(_ flow: Flow, _ stream: KeitaroStream) -> [Note] {
        var notes: [Note] = []
        if stream.name != flow.name { notes.append(.renamed(stream.name)) }
        let isActive = stream.state == .active
        if isActive != (flow.state == "active") { notes.append(isActive ? .turnedOn : .turnedOff) }
        return notes
    }

    var json: JSON {
        .array(
            flows.filter { !$0.isSame }.map { flow in
                [
                    "stream_id": .integer(flow.streamID), "number": .integer(Int64(flow.number)),
                    "name": .string(flow.name), "notes": .array(flow.notes.map { .string(Self.name($0)) }),
                    "offers": .array(
                        flow.offers.map { difference in
                            [
                                "offer_id": .integer(difference.offerID),
                                "here": difference.before.map(Self.json) ?? .null,
                                "keitaro": difference.after.map(Self.json) ?? .null,
                            ]
                        }),
                ]
            })
    }

    private static func name(_ note: Note) -> String {
        switch note {
        case .new: "new"
        case .gone: "gone"
        case .turnedOff: "turned_off"
        case .turnedOn: "turned_on"
        case .renamed: "renamed"
        }
    }

    private static func json(_ offer: OfferShare) -> JSON {
        ["share": .integer(Int64(offer.share)), "is_active": .bool(offer.isActive)]
    }
}

import Base

/// The API's form of a campaign, a flow and a push (docs/api.md).
enum FlowJSON {
    static func campaign(_ campaign: CampaignSummary) -> JSON {
        [
            "id": .integer(campaign.id), "keitaro_id": .integer(campaign.keitaroID), "name": .string(campaign.name),
            "state": .string(campaign.state.rawValue), "group_id": campaign.groupID.map { .integer($0) } ?? .null,
            "group": campaign.groupName.map { .string($0) } ?? .null,
            "flows": campaign.flows.map { .integer(Int64($0)) } ?? .null,
            "drafts": .integer(Int64(campaign.drafts)), "synced_at": .string(campaign.syncedAt.iso8601),
        ]
    }

    static func flow(_ flow: Flow) -> JSON {
        let draft = flow.draft
        let hindrance = flow.pushHindrance
        return [
            "id": .integer(flow.id), "campaign_id": .integer(flow.campaignID), "stream_id": .integer(flow.keitaroID),
            "number": .integer(Int64(flow.number)), "name": .string(flow.name), "type": .string(flow.type),
            "schema": .string(flow.schema), "weight": flow.weight.map { .number($0) } ?? .null, "filters": flow.filters,
            "state": .string(flow.state), "revision": .integer(flow.revision), "is_draft": .bool(!draft.isClean),
            "is_gone": .bool(flow.isGone), "in_conflict": .bool(flow.theirs != nil),
            "total": .integer(Int64(draft.total)), "can_push": .bool(hindrance == nil),
            "cannot_push": hindrance.map { .string($0.code) } ?? .null,
            "fetched_at": .string(flow.fetchedAt.iso8601),
            "pushed_at": flow.lastPushed.map { .string($0.at.iso8601) } ?? .null,
            "pushed_by": flow.lastPushed?.by.map { .string($0) } ?? .null,
            "keitaro_offers": flow.theirs.map { .array($0.map(offer)) } ?? .null,
            "keitaro_offers_at": flow.theirsAt.map { .string($0.iso8601) } ?? .null,
            "offers": .array(draft.rows.map { row($0, network: flow.networks[$0.offerID]) }),
        ]
    }

    private static func offer(_ offer: OfferShare) -> JSON {
        [
            "offer_id": .integer(offer.offerID), "share": .integer(Int64(offer.share)),
            "state": .string(offer.isActive ? "active" : "disabled"),
        ]
    }

    private static func row(_ row: FlowOfferRow, network: String?) -> JSON {
        [
            "id": .integer(row.id), "offer_id": .integer(row.offerID), "name": .string(row.name),
            "network": network.map { .string($0) } ?? .null, "share": row.share.map { .integer(Int64($0)) } ?? .null,
            "keitaro_share": row.baseShare.map { .integer(Int64($0)) } ?? .null, "pinned": .bool(row.isPinned),
            "state": .string(row.isDisabled ? "disabled" : "active"),
            "change": .string(
                row.isRemoved
                    ? "removed" : row.isAdded ? "added" : row.isClean ? "none" : row.isEdited ? "edited" : "recounted"),
        ]
    }

    static func push(_ listed: FlowEditorStore.ListedPush, message: String?) -> JSON {
        let push = listed.push
        return [
            "id": .integer(push.id), "flow_id": .integer(push.flowID), "campaign_id": .integer(listed.campaignID),
            "state": .string(push.state == .waiting ? "running" : push.state.rawValue),
            "message": message.map { .string($0) } ?? .null, "by": push.userName.map { .string($0) } ?? .null,
            "created_at": .string(push.createdAt.iso8601),
            "settled_at": push.settledAt.map { .string($0.iso8601) } ?? .null, "undone": .bool(push.isUndone),
            "before": .array(push.before.map(\.json)), "after": .array(push.after.map(\.json)),
            "problem": push.problem?.json ?? .null,
        ]
    }
}

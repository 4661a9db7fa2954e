import Base

/// An object of the tracker that is read from its fields.
protocol KeitaroModel {
    /// What a problem's sentence calls it: `campaign`.
    static var kind: String { get }
    init(_ fields: KeitaroFields) throws(KeitaroModelProblem)
}

extension KeitaroModel {
    static func one(_ json: JSON) throws(KeitaroModelProblem) -> Self {
        try Self(try KeitaroFields(json, kind))
    }

    static func list(_ json: JSON) throws(KeitaroModelProblem) -> [Self] {
        try KeitaroFields.list(json, kind).map { fields throws(KeitaroModelProblem) in try Self(fields) }
    }
}

// Each as the tracker sends it, for tests and simulations of other targets.

extension KeitaroCampaign: KeitaroModel {
    static let kind = "campaign"
    package init(_ json: JSON) throws(KeitaroModelProblem) { self = try .one(json) }
}

extension KeitaroGroup: KeitaroModel {
    static let kind = "group"
    package init(_ json: JSON) throws(KeitaroModelProblem) { self = try .one(json) }
}

extension KeitaroOffer: KeitaroModel {
    static let kind = "offer"
    package init(_ json: JSON) throws(KeitaroModelProblem) { self = try .one(json) }
}

extension KeitaroLanding: KeitaroModel {
    static let kind = "landing page"
    package init(_ json: JSON) throws(KeitaroModelProblem) { self = try .one(json) }
}

extension KeitaroNetwork: KeitaroModel {
    static let kind = "network"
    package init(_ json: JSON) throws(KeitaroModelProblem) { self = try .one(json) }
}

extension KeitaroStream: KeitaroModel {
    static let kind = "stream"
    package init(_ json: JSON) throws(KeitaroModelProblem) { self = try .one(json) }
}

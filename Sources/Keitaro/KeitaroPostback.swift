import Base

/// A postback that Keitaro sends for a campaign's conversions (keitaro.md §2.1). The address may hold a secret, so it is never printed.
package struct KeitaroPostback: Hashable, Sendable {
    /// Keitaro's; nil for one that it does not know yet.
    package let id: Int64?
    /// `GET` or `POST`
    package let method: String
    /// Keitaro's words; those of a conversion that is not among them are not sent.
    package let statuses: [String]
    /// With macros in braces.
    package let url: String
    /// As the tracker sent it: what we do not know is sent back as it was.
    let json: JSON

    package init(method: String, statuses: [String], url: String) {
        id = nil
        self.method = method
        self.statuses = statuses
        self.url = url
        json = [
            "method": .string(method), "statuses": .array(statuses.map { .string($0) }), "url": .string(url),
        ]
    }

    init(_ fields: KeitaroFields, _ json: JSON) throws(KeitaroModelProblem) {
        guard let url = fields["url"]?.stringValue else { throw fields.problem("url", expected: "an address") }
        self.url = url
        id = fields.int("id")
        method = fields.text("method") ?? "GET"
        statuses = fields.texts("statuses")
        self.json = json
    }

    /// The same one with another address and statuses.
    package func with(url: String, method: String, statuses: [String]) -> KeitaroPostback {
        var json = json
        json["url"] = .string(url)
        json["method"] = .string(method)
        json["statuses"] = .array(statuses.map { .string($0) })
        return KeitaroPostback(id: id, method: method, statuses: statuses, url: url, json: json)
    }

    private init(id: Int64?, method: String, statuses: [String], url: String, json: JSON) {
        self.id = id
        self.method = method
        self.statuses = statuses
        self.url = url
        self.json = json
    }

    /// Whether both send the same to the same place, whoever numbered them.
    package func sendsAs(_ other: KeitaroPostback) -> Bool {
        url == other.url && method == other.method && Set(statuses) == Set(other.statuses)
    }

    /// Those of a campaign; nil where its object does not list them.
    static func list(_ fields: KeitaroFields) throws(KeitaroModelProblem) -> [KeitaroPostback]? {
        guard let json = fields["postbacks"] else { return nil }
        guard !json.isNull, json != "" else { return [] }
        let rows = try fields.list("postbacks")
        let elements = KeitaroFields.elements(json) ?? []
        var postbacks: [KeitaroPostback] = []
        for (row, element) in zip(rows, elements) { postbacks.append(try KeitaroPostback(row, element)) }
        return postbacks
    }
}

extension KeitaroPostback: CustomStringConvertible, CustomReflectable {
    package var description: String { "postback \(id.map { "\($0)" } ?? "(new)") \(method) \(statuses)" }
    package var customMirror: Mirror { Mirror(self, children: [:]) }
}

/// A campaign with what it posts, read strictly: the whole set is written at once.
package struct KeitaroCampaignPostbacks: Hashable, Sendable, Identifiable {
    package let id: Int64
    package let name: String
    package let postbacks: [KeitaroPostback]

    init(_ fields: KeitaroFields) throws(KeitaroModelProblem) {
        id = try fields.requiredInt("id")
        name = fields.text("name") ?? ""
        guard let postbacks = try KeitaroPostback.list(fields) else {
            throw fields.problem("postbacks", expected: "a list")
        }
        self.postbacks = postbacks
    }
}

/// A traffic source with the one address it posts to.
package struct KeitaroTrafficSource: Hashable, Sendable, Identifiable {
    package let id: Int64
    package let name: String
    package let state: KeitaroState
    /// Empty: none.
    package let postbackURL: String
    package let postbackStatuses: [String]

    init(_ fields: KeitaroFields) throws(KeitaroModelProblem) {
        id = try fields.requiredInt("id")
        name = fields.text("name") ?? ""
        state = fields.state()
        postbackURL = fields["postback_url"]?.stringValue ?? ""
        postbackStatuses = fields.texts("postback_statuses")
    }
}

extension KeitaroTrafficSource: CustomStringConvertible, CustomReflectable {
    package var description: String { "traffic source \(id)" }
    package var customMirror: Mirror { Mirror(self, children: [:]) }
}

extension KeitaroCampaignPostbacks: KeitaroModel {
    static let kind = "campaign"
    package init(_ json: JSON) throws(KeitaroModelProblem) { self = try .one(json) }
}

extension KeitaroTrafficSource: KeitaroModel {
    static let kind = "traffic source"
    package init(_ json: JSON) throws(KeitaroModelProblem) { self = try .one(json) }
}

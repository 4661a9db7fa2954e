import Base

/// A conversion as `POST conversions/log` lists it, as it stands now (keitaro.md §1.8).
package struct KeitaroConversion: Hashable, Sendable, Identifiable {
    /// Keitaro's own: `conversion_id`, in newer versions `event_id`.
    package let id: String
    /// The click: `sub_id`.
    package let clickID: String
    /// The network's number of the transaction; empty where it gave none.
    package let transactionID: String
    /// `lead`, `sale`, `rejected`, `rebill`, or another word.
    package let status: String
    package let previousStatus: String
    /// The network's word, before Keitaro mapped it.
    package let originalStatus: String
    /// Decimal text in the tracker's currency: `-?[0-9]+(\.[0-9]+)?`.
    package let revenue: String
    package let campaignID: Int64?
    package let campaignName: String
    package let offerID: Int64?
    package let offerName: String
    /// A name or a code, as the version has it.
    package let country: String
    /// When it first came.
    package let at: Timestamp

    init(_ fields: KeitaroFields, _ dialect: KeitaroLogDialect) throws(KeitaroModelProblem) {
        clickID = fields.text("sub_id") ?? ""
        transactionID = fields.text("tid") ?? ""
        status = fields.text("status") ?? ""
        let written = fields.text(dialect.timeColumn)
        guard let at = written.flatMap({ Timestamp(iso8601: $0, offsetWhenAbsent: 0) }) else {
            throw fields.problem(dialect.timeColumn, expected: "a time")
        }
        self.at = at
        // A version without ids of its own still names a conversion by its click and transaction.
        id = fields.text(dialect.idColumn) ?? "\(clickID) \(transactionID) \(at.seconds)"
        previousStatus = fields.text("previous_status") ?? ""
        originalStatus = fields.text("original_status") ?? ""
        revenue = try Self.amount(fields)
        campaignID = fields.reference("campaign_id")
        campaignName = fields.text("campaign") ?? ""
        offerID = fields.reference("offer_id")
        offerName = fields.text("offer") ?? ""
        country = fields.text("country") ?? ""
    }

    private static func amount(_ fields: KeitaroFields) throws(KeitaroModelProblem) -> String {
        guard let json = fields["revenue"], !json.isNull, json != "" else { return "0" }
        guard let text = fields.decimal("revenue"), let number = json.lenientDouble else {
            throw fields.problem("revenue", expected: "a number")
        }
        let digits = text.hasPrefix("-") ? text.dropFirst() : text[...]
        let parts = digits.split(separator: ".", omittingEmptySubsequences: false)
        let isPlain = parts.count <= 2 && parts.allSatisfy { !$0.isEmpty && $0.utf8.allSatisfy { 48...57 ~= $0 } }
        if isPlain { return text }
        // An exponent, or a sign too many: to the millionth, beyond which no money is counted.
        guard let millionths = Int64(exactly: (number * 1_000_000).rounded()) else {
            throw fields.problem("revenue", expected: "an amount of money")
        }
        let fraction = String(millionths.magnitude % 1_000_000)
        let padded = String(repeating: "0", count: 6 - fraction.count) + fraction
        return "\(millionths < 0 ? "-" : "")\(millionths.magnitude / 1_000_000).\(padded)"
    }
}

/// Which columns a version's log knows (keitaro.md §1.8). A newer one refuses those it does not; an older one leaves them out.
package enum KeitaroLogDialect: Hashable, Sendable, CaseIterable {
    /// `event_id` and `datetime`.
    case events
    /// `conversion_id` and `postback_datetime`.
    case conversions
    /// As above, without what only describes a conversion.
    case eventsBare, conversionsBare

    var idColumn: String {
        switch self {
        case .events, .eventsBare: "event_id"
        case .conversions, .conversionsBare: "conversion_id"
        }
    }

    var timeColumn: String {
        switch self {
        case .events, .eventsBare: "datetime"
        case .conversions, .conversionsBare: "postback_datetime"
        }
    }

    var columns: [String] {
        let needed = [idColumn, timeColumn, "sub_id", "tid", "status", "revenue", "campaign_id"]
        switch self {
        case .eventsBare, .conversionsBare: return needed
        case .events, .conversions:
            return needed + ["previous_status", "original_status", "campaign", "offer_id", "offer", "country"]
        }
    }
}

/// A question for `POST conversions/log`. Times are UTC.
package struct KeitaroConversionQuery: Hashable, Sendable {
    package var first: CivilDate
    /// The last day, included.
    package var last: CivilDate
    /// Empty: of all clicks.
    package var clickIDs: [String]

    package init(from first: CivilDate, through last: CivilDate, clickIDs: [String] = []) {
        self.first = first
        self.last = last
        self.clickIDs = clickIDs
    }

    func body(_ dialect: KeitaroLogDialect, limit: Int, offset: Int) -> JSON {
        var body: JSON = [
            "range": ["from": .string(Self.text(first)), "to": .string(Self.text(last)), "timezone": "UTC"],
            "limit": .integer(Int64(limit)), "offset": .integer(Int64(offset)),
            "columns": .array(dialect.columns.map { .string($0) }),
            // Oldest first: what comes in between two pages goes last and moves nothing.
            "sort": [["name": .string(dialect.timeColumn), "order": "ASC"]],
        ]
        if !clickIDs.isEmpty {
            body["filters"] = [
                [
                    "name": "sub_id", "operator": "IN_LIST",
                    "expression": .array(clickIDs.map { .string($0) }),
                ]
            ]
        }
        return body
    }

    private static func text(_ day: CivilDate) -> String { String(Timestamp(day).iso8601.prefix(10)) }
}

/// One page of the log.
struct KeitaroConversionPage {
    let conversions: [KeitaroConversion]

    /// Rows without a click's column or a time: the version left out what it does not know.
    static let ignored = KeitaroModelProblem(
        object: "conversions", field: "rows", expected: "the columns that were asked for", found: "none of them")

    init(_ json: JSON, _ dialect: KeitaroLogDialect) throws(KeitaroModelProblem) {
        guard let list = json["rows"] else {
            throw KeitaroModelProblem(object: "conversions", field: "rows", expected: "a list", found: "nothing")
        }
        let rows = try KeitaroFields.list(list, "conversion")
        guard rows.isEmpty || rows.contains(where: { $0["sub_id"] != nil && $0[dialect.timeColumn] != nil }) else {
            throw Self.ignored
        }
        var conversions: [KeitaroConversion] = []
        conversions.reserveCapacity(rows.count)
        for row in rows { conversions.append(try KeitaroConversion(row, dialect)) }
        self.conversions = conversions
    }
}

import Base

extension KeitaroWorld {
    /// `POST /conversions/log` (`reference/keitaro.md §1.8`). A tracker of the newer dialect names `event_id` and `datetime` and refuses
    /// columns it does not know and `order`; an older one has `conversion_id` and `postback_datetime`, and leaves out what it does not
    /// know.
    package func conversionLog(_ body: JSON, key: String?) -> KeitaroAnswer {
        answer(key) { rights throws(KeitaroProblem) in
            let moment = now()
            let query = try KeitaroLogQuery(body, dialect: dialect, now: moment)
            var rows: [(record: KeitaroConversionRecord, entry: KeitaroConversionRecord.Entry)] = []
            for record in records(from: query.from, until: min(query.until, moment)) where rights.sees(record.campaign)
            {
                guard let entry = record.entry(at: moment) else { continue }
                let passes = query.filters.allSatisfy { column, values in
                    value(column, of: record, entry, query.zone).lenientString.map(values.contains) ?? false
                }
                if passes { rows.append((record, entry)) }
            }
            if query.isDescending { rows.reverse() }
            return [
                "rows": .array(
                    rows.dropFirst(query.offset).prefix(query.limit).map { record, entry in
                        .object(
                            JSONObject(
                                query.columns.map { column in
                                    JSONObject.Member(
                                        key: column, value: value(column, of: record, entry, query.zone))
                                }))
                    }), "total": .integer(Int64(rows.count)),
            ]
        }
    }

    private func value(
        _ column: String, of record: KeitaroConversionRecord, _ entry: KeitaroConversionRecord.Entry,
        _ zone: KeitaroTimeZone
    ) -> JSON {
        func time(_ time: Timestamp) -> JSON {
            .string(Timestamp(seconds: time.seconds + zone.offset(at: time)).keitaroText)
        }
        let campaign = record.campaign
        switch column {
        case "event_id": return .string(record.eventID)
        case "conversion_id": return .integer(record.number)
        case "datetime", "postback_datetime": return time(record.createdAt)
        case "click_datetime": return time(record.clickedAt)
        case "sale_datetime": return record.entries.first { $0.status == "sale" }.map { time($0.at) } ?? .null
        case "sub_id": return .string(record.clickID)
        case "tid": return .string(entry.transactionID)
        case "status": return .string(entry.status)
        case "previous_status": return .string(record.status(before: entry))
        case "original_status": return .string(entry.originalStatus)
        case "revenue":
            let text = KeitaroConversionRecord.text(record.revenue)
            return sendsNumbersAsStrings ? .string(text) : .number(Double(record.revenue) / 10_000)
        case "campaign_id": return .integer(campaign.id)
        case "campaign": return .string(campaign.name)
        case "offer_id": return .integer(record.offer.id)
        case "offer": return .string(record.offer.name)
        case "stream_id": return .integer(record.streamID)
        case "country", "country_code": return .string(campaign.country)
        case "ts_id": return .integer(campaign.sourceID)
        case "ts": return .string(trafficSources.first { $0.id == campaign.sourceID }?.name ?? "")
        case "sub_id_1": return .string(record.subIDs.first ?? "")
        case "sub_id_2": return .string(record.subIDs.dropFirst().first ?? "")
        case "creative_id": return .string(record.creativeID)
        case "external_id": return .string(record.externalID)
        default: return .null
        }
    }
}

/// A request to `POST /conversions/log`, read and checked.
struct KeitaroLogQuery {
    let columns: [String]
    /// By column, as text.
    let filters: [(column: String, values: Set<String>)]
    let isDescending: Bool
    let zone: KeitaroTimeZone
    let from: Timestamp
    /// Exclusive.
    let until: Timestamp
    let limit: Int
    let offset: Int

    private static let common = [
        "click_datetime", "sale_datetime", "sub_id", "tid", "status", "previous_status", "original_status", "revenue",
        "campaign_id", "campaign", "offer_id", "offer", "stream_id", "country", "country_code", "ts_id", "ts",
        "sub_id_1",
        "sub_id_2", "creative_id", "external_id",
    ]

    init(_ body: JSON, dialect: KeitaroDialect, now: Timestamp) throws(KeitaroProblem) {
        guard let fields = body.objectValue else { throw .error(400, "Request body must be a JSON object") }
        let isNew = dialect == .dimensions
        let known = Set(Self.common + (isNew ? ["event_id", "datetime"] : ["conversion_id", "postback_datetime"]))
        if isNew, fields["order"] != nil { throw .error(400, "Unknown parameter 'order'") }
        var columns: [String] = []
        for column in fields["columns"]?.arrayValue ?? [] {
            guard let name = column.stringValue else { throw .error(400, "Parameter 'columns' is invalid") }
            if known.contains(name) {
                columns.append(name)
            } else if isNew {
                throw .error(400, "Unknown column '\(name)'")
            }
        }
        self.columns = columns
        filters = try Self.filters(fields["filters"], known)
        var isDescending = false
        for sort in fields["sort"]?.arrayValue ?? [] {
            guard let name = sort["name"]?.stringValue, known.contains(name) || !isNew else {
                throw .error(400, "Cannot sort by \(sort["name"] ?? .null)")
            }
            isDescending = ["DESC", "desc"].contains(sort["order"]?.stringValue)
        }
        self.isDescending = isDescending
        limit = Int(clamping: max(fields["limit"]?.lenientInt ?? 1_000, 0))
        offset = Int(clamping: max(fields["offset"]?.lenientInt ?? 0, 0))
        let range = fields["range"] ?? [:]
        let zoneName = range["timezone"]?.stringValue ?? "UTC"
        guard let zone = KeitaroTimeZone(zoneName) else { throw .error(400, "Unknown timezone '\(zoneName)'") }
        self.zone = zone
        (from, until) = try KeitaroReportQuery.range(range, zone, now)
    }

    private static func filters(
        _ json: JSON?, _ known: Set<String>
    ) throws(KeitaroProblem) -> [(column: String, values: Set<String>)] {
        var filters: [(column: String, values: Set<String>)] = []
        for filter in json?.arrayValue ?? [] {
            guard let column = filter["name"]?.stringValue, known.contains(column) else {
                throw .error(400, "Unknown filter \(filter["name"] ?? .null)")
            }
            let expression = filter["expression"] ?? .null
            switch filter["operator"]?.stringValue {
            case "EQUALS": filters.append((column, Set([expression].compactMap(\.lenientString))))
            case "IN_LIST":
                filters.append((column, Set((expression.arrayValue ?? [expression]).compactMap(\.lenientString))))
            default: throw .error(400, "Unknown operator \(filter["operator"] ?? .null)")
            }
        }
        return filters
    }
}

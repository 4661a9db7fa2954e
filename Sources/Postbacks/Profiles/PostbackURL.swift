import Base

/// The address that is given to Keitaro.
package enum PostbackURL {
    package static let path = "/integrations/keitaro/postback"

    /// A parameter, and the macro Keitaro fills it from.
    package struct Field: Hashable, Sendable {
        package let parameter: String
        package let macro: String
    }

    /// Only what Keitaro documents for S2S postbacks (reference, keitaro.md §2.1). Names of offers and landing pages are not
    /// among it: the Mirror knows them by id.
    package static let fields: [Field] = [
        Field(parameter: "status", macro: "{status}"),
        Field(parameter: "click_id", macro: "{subid}"),
        Field(parameter: "transaction_id", macro: "{tid}"),
        Field(parameter: "conversion_revenue", macro: "{conversion_revenue}"),
        Field(parameter: "campaign_id", macro: "{campaign_id}"),
        Field(parameter: "campaign_name", macro: "{campaign_name}"),
        Field(parameter: "offer_id", macro: "{offer_id}"),
        Field(parameter: "landing_id", macro: "{landing_id}"),
        Field(parameter: "country", macro: "{country}"),
        Field(parameter: "source", macro: "{source}"),
        Field(parameter: "traffic_source_name", macro: "{traffic_source_name}"),
        Field(parameter: "creative_id", macro: "{creative_id}"),
        Field(parameter: "external_id", macro: "{external_id}"),
        Field(parameter: "sub_id_1", macro: "{sub_id_1}"),
        Field(parameter: "sub_id_2", macro: "{sub_id_2}"),
    ]

    /// Names of macros that some version of Keitaro fills, whoever adds them to the address by hand.
    package static let macros: Set<String> = Set(
        [
            "subid", "tid", "status", "conversion_revenue", "revenue", "payout", "currency", "campaign_id",
            "campaign_name", "keitaro_campaign_id", "keitaro_campaign_name", "offer_id", "offer_name", "landing_id",
            "landing_name", "country", "country_code", "country_name", "source", "ts_id", "traffic_source_name",
            "creative_id", "ad_campaign_id", "external_id", "cost", "profit", "date", "ip", "city", "region", "os",
            "browser", "device_type", "keyword", "isp", "is_bot", "visitor_code", "user_agent", "parent_campaign_id",
            "current_domain",
        ] + (1...30).map { "sub_id_\($0)" })

    /// Ready to copy: the macros stand as Keitaro wants them, without encoding.
    ///
    /// - Parameter base: the desk's own address, with or without a slash at the end.
    /// - Parameter secret: letters and digits as we make them; others are encoded.
    package static func make(base: String, secret: String) -> String {
        let query = fields.map { "\($0.parameter)=\($0.macro)" }.joined(separator: "&")
        return "\(address(base))?secret=\(encoded(secret))&\(query)"
    }

    /// The secret in an address of ours; nil when it has none.
    package static func secret(in url: String) -> String? {
        guard let mark = url.firstIndex(of: "?") else { return nil }
        let query = url[url.index(after: mark)...].prefix { $0 != "#" }
        let secret = PostbackFields(query: query.utf8).secret
        return secret.isEmpty ? nil : secret
    }

    private static func address(_ base: String) -> String {
        var plain = base[...]
        while plain.hasSuffix("/") { plain = plain.dropLast() }
        return plain + path
    }

    private static func encoded(_ text: String) -> String {
        var encoded = ""
        for byte in text.utf8 {
            let isPlain = 0x61...0x7A ~= byte | 0x20 || 48...57 ~= byte || "-._~".utf8.contains(byte)
            let digits = String(byte, radix: 16, uppercase: true)
            encoded += isPlain ? String(Unicode.Scalar(byte)) : "%" + (digits.count == 1 ? "0" : "") + digits
        }
        return encoded
    }
}

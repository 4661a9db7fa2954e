import Base
import Testing
import Views

@testable import Postbacks

struct MessageTemplateTests {
    private static func html(_ source: String, _ postback: Postback = .sample(.deposit)) throws -> String {
        try MessageTemplate(source).html(postback, in: .en)
    }

    @Test(
        arguments: [
            ("{campaign_name}", "Campaign Name"), ("{emoji} {status_name} ({status})", "💰 Deposit (deposit)"),
            ("{tid} {subid}", "abc123def456 2k7sh3a9c1"), ("{revenue} = {amount} {currency}", "100 USD = 100 USD"),
            ("{TID}", "abc123def456"), ("a\n\nb", "a\n\nb"), ("{ tid } {} { {{tid}}", "{ tid } {} { {abc123def456}"),
            ("1 < 2 & 3 > 2", "1 &lt; 2 &amp; 3 &gt; 2"),
            ("&lt;ok&gt; &#8364; &copy;", "&lt;ok&gt; &#8364; &amp;copy;"),
            ("I <3 it", "I &lt;3 it"), ("<b>{country}</b> | <i>{source}</i>", "<b>US</b> | <i>google</i>"),
            ("<a href=\"https://x.test/?c={click_id}\">log</a>", "<a href=\"https://x.test/?c=2k7sh3a9c1\">log</a>"),
            (
                "<blockquote expandable>{country}\n{tid}</blockquote>",
                "<blockquote expandable>US\nabc123def456</blockquote>"
            ),
        ])
    func `placeholders are filled, all else is as written`(source: String, html: String) throws {
        let shown = try MessageSplit.parts(Self.html(source))
        #expect(shown == [html])
    }

    @Test(
        arguments: [
            ("a {reason}", ""), ("a {reason}\nb", "b"), ("{campaign_name} {reason}", "Campaign Name "),
            ("Why: {reason} | GEO: {country}", "GEO: US"), ("GEO: {country} | Why: {reason} | c", "GEO: US | c"),
            ("Why: {reason} | c", ""), ("a|{reason}|b {country}", "a||b US"), ("{emoji} {reason}", ""),
            ("{sub_id_9} {cost}", ""),
        ])
    func `a line without a known field is left out, and so is a part of one`(source: String, html: String) throws {
        let shown = try Self.html(source)
        #expect(shown == html)
    }

    @Test func `other parameters are said as they were sent`() throws {
        var postback = Postback.sample(.deposit)
        postback.fields = [("Sub_ID_9", "<nine>"), ("cost", "{cost}"), ("city", "Kyiv")]
        let shown = try Self.html("{sub_id_9} {city}\n{cost}", postback)
        #expect(shown == "&lt;nine&gt; Kyiv")
    }

    @Test(
        arguments: [
            ("", .empty), (" \n ", .empty), ("{campain_name}", .unknownPlaceholder("campain_name")),
            ("{sub_id_31}", .unknownPlaceholder("sub_id_31")), ("ok {tid} {Nope}", .unknownPlaceholder("Nope")),
            ("<h1>x</h1>", .unsupportedTag("h1")), ("<b class=\"x\">x</b>", .unsupportedTag("b")),
            ("<a href=\"javascript:x\">x</a>", .unsupportedTag("a")), ("<script>", .unsupportedTag("script")),
            ("<b>x", .unmatchedTag("b")), ("x</b>", .unmatchedTag("b")), ("<b><i>x</b></i>", .unmatchedTag("b")),
            (String(repeating: "x", count: 3_001), .tooLong(limit: 3_000)),
        ] as [(String, MessageTemplateProblem)])
    func `what is wrong is named`(source: String, problem: MessageTemplateProblem) {
        #expect(throws: problem) { _ = try MessageTemplate(source) }
    }

    @Test func `the usual texts are templates, and every name offered is known`() throws {
        for language in ["en", "uk", "ru"] {
            for status in [PostbackStatus.registration, .deposit, .rejected, .rebill, .other("hold")] {
                let words = MessageWords(try #require(.init(rawValue: language)))
                let preview = try PostbackMessage.preview(words.template(for: status), of: status, language: language)
                #expect(preview == PostbackMessage.html(.sample(status), language: language))
                #expect(preview.split(separator: "\n").count >= 4)
            }
        }
        #expect(MessagePlaceholder.names.allSatisfy { MessagePlaceholder($0) != nil })
        #expect(Set(MessagePlaceholder.names).count == MessagePlaceholder.names.count)
        for field in PostbackURL.fields {
            #expect(MessagePlaceholder(field.parameter) != nil, "\(field.parameter)")
        }
    }
}

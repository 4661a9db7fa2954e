import Base
import Testing

@testable import Postbacks

struct PostbackURLTests {
    @Test func `it is ready to copy`() {
        #expect(
            PostbackURL.make(base: "https://desk.test/", secret: "abc+1")
                == "https://desk.test/integrations/keitaro/postback?secret=abc%2B1&status={status}&click_id={subid}"
                + "&transaction_id={tid}&conversion_revenue={conversion_revenue}&campaign_id={campaign_id}"
                + "&campaign_name={campaign_name}&offer_id={offer_id}&landing_id={landing_id}&country={country}"
                + "&source={source}&traffic_source_name={traffic_source_name}&creative_id={creative_id}"
                + "&external_id={external_id}&sub_id_1={sub_id_1}&sub_id_2={sub_id_2}")
    }

    @Test func `called as it stands, every field is missing; filled in, every one is found`() throws {
        let url = PostbackURL.make(base: "https://desk.test", secret: "s3cret-word")
        let query = try #require(url.split(separator: "?").last)
        let empty = PostbackFields(query: query.utf8)
        #expect(empty.secret == "s3cret-word")
        #expect(PostbackField.allCases.allSatisfy { empty[$0].isEmpty })
        let filled = PostbackFields(
            query: PostbackURL.fields.map { "\($0.parameter)=v-\($0.parameter)" }.joined(separator: "&").utf8)
        for field in PostbackURL.fields {
            guard let known = PostbackField.named(field.parameter)?.field, field.parameter != "traffic_source_name"
            else { continue }
            #expect(filled[known] == "v-\(field.parameter)")
        }
        #expect(PostbackURL.fields.allSatisfy { PostbackURL.macros.contains(String($0.macro.dropFirst().dropLast())) })
    }

    @Test(
        arguments: [
            ("https://desk.test/integrations/keitaro/postback?secret=x&status={status}", "x"),
            ("https://desk.test/integrations/keitaro/postback/?a=1", nil),
            ("https://desk.test/integrations/keitaro/postback?secret=y%2B#end", "y+"), ("", nil),
        ] as [(String, String?)])
    func `the secret of an address is found again`(url: String, secret: String?) {
        #expect(PostbackURL.secret(in: url) == secret)
    }
}

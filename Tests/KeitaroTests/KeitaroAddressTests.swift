import Testing

@testable import Keitaro

@Suite struct KeitaroAddressTests {
    @Test(arguments: [
        ("https://tracker.example", "https://tracker.example"),
        (" https://tracker.example/ ", "https://tracker.example"),
        ("https://tracker.example/admin/", "https://tracker.example"),
        ("https://tracker.example/admin/#!/campaigns", "https://tracker.example"),
        ("https://tracker.example/admin/?object=campaigns", "https://tracker.example"),
        ("https://tracker.example/admin_api/v1/", "https://tracker.example"),
        ("http://127.0.0.1:8081/tracker/admin_api/v1", "http://127.0.0.1:8081/tracker"),
        ("https://example.com/administration", "https://example.com/administration"),
        ("tracker.example", "https://tracker.example"),
        ("", ""),
    ])
    func `takes what people paste`(text: String, base: String) {
        #expect(KeitaroAddress(text).base == base)
    }

    @Test func `puts the API's path behind it`() {
        #expect(
            KeitaroAddress("https://tracker.example/admin").url("streams/5")
                == "https://tracker.example/admin_api/v1/streams/5")
    }
}

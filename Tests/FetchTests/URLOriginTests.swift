import Fetch
import Testing

@Suite struct URLOriginTests {
    @Test(arguments: [
        ("https://tracker.example/admin_api/v1", "https://tracker.example"),
        ("HTTPS://Tracker.Example:443/x", "https://tracker.example"),
        ("http://tracker.example:8080", "http://tracker.example:8080"),
        ("http://[::1]:81/", "http://[::1]:81"),
        ("https://user:secret@tracker.example/x?token=secret", "https://tracker.example"),
    ])
    func `is scheme, host and port`(url: String, expected: String) {
        #expect(URLOrigin(url)?.description == expected)
    }

    @Test(arguments: ["", "tracker.example", "ftp://tracker.example", "https://", "https://a b", "https://a/\n"])
    func `is nothing for other texts`(url: String) {
        #expect(URLOrigin(url) == nil)
    }
}

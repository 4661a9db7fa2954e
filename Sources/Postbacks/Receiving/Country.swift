/// A country as postbacks name it: two letters in capitals where it was two letters, else as it was sent.
package enum Country {
    package static func normalised(_ text: String) -> String {
        let isCode = text.utf8.count == 2 && text.utf8.allSatisfy { 0x61...0x7A ~= $0 | 0x20 }
        return isCode ? text.uppercased() : text
    }

    /// Whether a filter that names `wanted` takes `sent`. GB is often called UK.
    package static func isSame(_ wanted: String, _ sent: String) -> Bool {
        key(wanted) == key(sent)
    }

    private static func key(_ text: String) -> String {
        let plain = text.uppercased()
        return plain == "UK" ? "GB" : plain
    }
}

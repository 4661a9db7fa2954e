import Base

/// What strangers write, made fit to show.
enum KeitaroText {
    /// At most 300 characters on one line, without control characters.
    static func line(_ bytes: some Collection<UInt8>) -> String {
        let text = String(decoding: bytes.prefix(2_048), as: UTF8.self)
        var line = ""
        for word in text.unicodeScalars.split(whereSeparator: {
            $0.properties.isWhitespace || $0.value < 0x20 || $0.value == 0x7F
        }) {
            if !line.isEmpty { line += " " }
            line += String(word)
        }
        return String(line.prefix(300))
    }

    /// The number in "Error 1020" or "error code: 1010"; `page` is in lower case.
    static func cloudflareCode(_ page: String) -> Int? {
        for mark in ["error code: ", "error code:</span>", "error "] {
            for part in page.split(separator: mark, omittingEmptySubsequences: false).dropFirst() {
                let digits = part.drop { $0 == " " }.prefix { ("0"..."9").contains($0) }
                if digits.count == 4, digits.first == "1", let code = Int(digits) { return code }
            }
        }
        return nil
    }

    /// A server may repeat the key it did not like.
    static func scrub(_ text: String, of key: Secret) -> String {
        let value = key.reveal()
        return value.isEmpty ? text : text.replacing(value, with: key.description)
    }
}

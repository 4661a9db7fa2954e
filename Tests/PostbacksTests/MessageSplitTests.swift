import Base
import Telegram
import Testing

@testable import Postbacks

struct MessageSplitTests {
    @Test(
        arguments: [
            ("short", ["short"]), ("", []), (" \n ", []), ("<b></b>", []), ("a<b>c", ["a<b>c</b>"]), ("a</b>c", ["ac"]),
            ("<b><i>x</b></i>", ["<b><i>x</i></b>"]), ("<x>y", ["y"]), ("a < b & c", ["a &lt; b &amp; c"]),
            ("<", ["&lt;"]),
            ("&", ["&amp;"]), ("&amp", ["&amp;amp"]), ("&#x41;&#;", ["&#x41;&amp;#;"]),
        ])
    func `what Telegram would refuse is mended`(html: String, parts: [String]) {
        #expect(MessageSplit.parts(html) == parts)
    }

    @Test func `lines stay whole where they can, then words, then letters`() {
        let lines = (0..<20).map { "line \($0) of it" }.joined(separator: "\n")
        let cut = MessageSplit.parts(lines, limit: 64)
        #expect(cut.joined(separator: "\n") == lines)
        #expect(cut.allSatisfy { $0.hasPrefix("line") && $0.hasSuffix("it") })
        let words = (0..<60).map { "word\($0)" }.joined(separator: " ")
        #expect(MessageSplit.parts(words, limit: 64).joined(separator: " ") == words)
        let letters = String(repeating: "x", count: 200)
        #expect(MessageSplit.parts(letters, limit: 64).map(\.count) == [64, 64, 64, 8])
    }

    @Test func `an open tag is closed at a cut and opened again`() {
        let parts = MessageSplit.parts("<b>" + String(repeating: "x", count: 100) + "</b>y", limit: 64)
        #expect(
            parts == [
                "<b>" + String(repeating: "x", count: 57) + "</b>", "<b>" + String(repeating: "x", count: 43) + "</b>y",
            ])
    }

    @Test func `tags around nothing take no room`() {
        let empty = String(repeating: "<a href=\"https://x.test/a\"></a>", count: 50)
        #expect(MessageSplit.parts("<b>" + empty + "x" + empty + "</b>" + empty, limit: 64) == ["<b>x</b>"])
        #expect(MessageSplit.parts(String(repeating: "<b>", count: 500) + "x", limit: 64).joined().contains("x"))
    }

    @Test func `neither an entity, a tag nor a letter is ever cut, whatever comes`() {
        var generator = SystemRandomNumberGenerator()
        let alphabet = [
            "&amp;", "&lt;", "&#128176;", "<b>", "</b>", "<i>", "</i>", "<code>", "</code>",
            "<a href=\"https://x.test/a\">", "</a>",
            "👨‍👩‍👧", "💰", "щ", "x", " ", "\n", "<", "&", ">", "\"", "<script>", "e\u{301}",
        ]
        for _ in 0..<300 {
            let count = Int.random(in: 0...300, using: &generator)
            let html = (0..<count).map { _ in alphabet.randomElement(using: &generator) ?? "" }.joined()
            let parts = MessageSplit.parts(html, limit: 100)
            for part in parts {
                #expect(part.utf16.count <= 100)
                // Read again it is the same: nothing in it was mended, so nothing was broken.
                #expect(MessageSplit.parts(part, limit: 100) == [part])
            }
            #expect(Self.letters(parts.joined()) == Self.letters(html))
        }
    }

    @Test func `exactly the limit is one part`() {
        #expect(MessageSplit.parts(String(repeating: "щ", count: 4_096)).count == 1)
        #expect(MessageSplit.parts(String(repeating: "щ", count: 4_097)).count == 2)
        #expect(MessageSplit.parts(String(repeating: "💰", count: 2_048)).count == 1)
        #expect(MessageSplit.parts(String(repeating: "💰", count: 2_049)).count == 2)
    }

    /// All letters that are seen, without blanks.
    private static func letters(_ html: String) -> String {
        TelegramHTML.pieces(html).compactMap { piece in
            if case .letter(let letter) = piece, !letter.allSatisfy(\.isWhitespace) { letter } else { nil }
        }.joined()
    }
}

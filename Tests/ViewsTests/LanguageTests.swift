import Testing
import Views

struct LanguageTests {
    static let cases: [(String, Language?)] = [
        ("uk", .uk), ("uk-UA,uk;q=0.9,en-US;q=0.8", .uk), ("en-US,en;q=0.9,ru;q=0.8", .en), ("RU-ru", .ru),
        ("de,fr;q=0.9,ru;q=0.1", .ru), ("en;q=0.5,uk;q=0.7", .uk), ("en;q=0.7,uk;q=0.7", .en),
        ("en;q=0.333,uk;q=0.334", .uk), ("en;q=0,uk;q=0.001", .uk), ("en;q=0", nil), ("en;q=0.000", nil),
        ("en ; q=0.5 , uk ; Q=0.6", .uk), ("uk;level=1;q=0.4,en;q=0.5", .en), ("uk;q=1.000,en", .uk),
        ("uk;q=1.5,en;q=0.1", .en), ("uk;q=0.5555,en;q=0.1", .en), ("uk;q=x,en;q=0.1", .en), ("uk;q=-1", nil),
        ("uk;q=,en;q=0.1", .en), ("uk;q=.5", nil), ("uk;q=0.", nil), ("uk;q=1.", .uk), ("*", nil), ("", nil),
        (",,;,", nil), ("ukr", nil), ("english", nil), ("uk_UA", .uk),
    ]

    @Test(arguments: cases)
    func `the header chooses`(_ header: String, _ expected: Language?) {
        #expect(Language(acceptLanguage: header) == expected)
    }

    @Test func `only the first items of an endless header are read`() {
        let endless = String(repeating: "de,", count: 100_000)
        #expect(Language(acceptLanguage: endless + "uk") == nil)
        #expect(Language(acceptLanguage: "uk," + endless) == .uk)
    }
}

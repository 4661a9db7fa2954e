import Testing
import Views

struct PluralRuleTests {
    /// Count, English, Ukrainian and Russian (whose rules for whole numbers are the same).
    static let cases: [(Int64, PluralCategory, PluralCategory)] = [
        (0, .other, .many), (1, .one, .one), (2, .other, .few), (3, .other, .few), (4, .other, .few),
        (5, .other, .many), (10, .other, .many), (11, .other, .many), (12, .other, .many), (13, .other, .many),
        (14, .other, .many), (20, .other, .many), (21, .other, .one), (22, .other, .few), (24, .other, .few),
        (25, .other, .many), (100, .other, .many), (101, .other, .one), (102, .other, .few), (111, .other, .many),
        (112, .other, .many), (114, .other, .many), (121, .other, .one), (1_000_000, .other, .many),
        (1_000_001, .other, .one), (-1, .one, .one), (-3, .other, .few), (-11, .other, .many),
        (.max, .other, .many), (.min, .other, .many),
    ]

    @Test(arguments: cases)
    func `a count chooses its form`(_ count: Int64, _ english: PluralCategory, _ slavic: PluralCategory) {
        #expect(PluralRule.category(of: count, in: .en) == english)
        #expect(PluralRule.category(of: count, in: .uk) == slavic)
        #expect(PluralRule.category(of: count, in: .ru) == slavic)
    }
}

import Base
import Frame
import HTTP
import Keitaro
import TestDesk
import Testing
import Views

@testable import FlowEditor

/// What the editor says, in each language, from the words that the pages use.
struct EditorWordsTests {
    private static let templates = Result { try TemplateSet(directory: TestPlaces.templates) }

    private static func words(_ language: Language) throws -> Words { try templates.get().words(language) }

    private static let kinds = [
        "key_refused", "edition", "forbidden", "firewall", "gone", "rejected", "unexpected", "server_error", "limited",
        "timeout", "unreachable", "unknown", "mismatch", "conflict",
    ]

    @Test(arguments: kinds, Language.allCases)
    func `every kind of failed push has its sentence`(kind: String, language: Language) throws {
        let problem = PushProblem(kind: kind, status: 403, text: "Share is invalid", seconds: 15, facts: "PUT")
        let said = PushSentence(problem, flowNumber: 3, serverAddress: "198.51.100.7")
        let words = try Self.words(language)
        for text in [words(said.title), words(said.detail)] + said.steps.map({ words($0.text) }) {
            #expect(text.count > 8 && !text.contains("{") && !text.contains("push.error"), "\(text)")
        }
        if language != .en {
            let english = try Self.words(.en)
            #expect(words(said.title) != english(said.title))
        }
        if kind == "rejected" { #expect(words(said.detail).contains("Share is invalid")) }
        if kind == "timeout" { #expect(words(said.title).contains("15")) }
        if kind == "conflict" { #expect(words(said.title).contains("3")) }
        if kind == "firewall" {
            #expect(said.steps.first?.copied == "198.51.100.7")
            #expect(!words(said.title).contains("Cloudflare"))
            let known = PushSentence(
                PushProblem(kind: kind, text: PushProblem.cloudflare), flowNumber: 3, serverAddress: "198.51.100.7")
            #expect(words(known.title).contains("Cloudflare"))
        }
    }

    @Test func `no two kinds are said alike, but for errors without a name`() throws {
        let words = try Self.words(.en)
        let titles = Self.kinds.map {
            words(PushSentence(PushProblem(kind: $0), flowNumber: 1, serverAddress: "").title)
        }
        #expect(Set(titles).count == titles.count - 1)
        #expect(
            PushSentence(PushProblem(kind: "anything"), flowNumber: 1, serverAddress: "").title.name.contains(
                "unexpected"))
    }

    @Test func `a problem is stored and read as it was`() throws {
        for problem in [
            PushProblem(kind: "timeout", status: 504, text: "t", seconds: 15, facts: "PUT /x"),
            PushProblem(kind: "conflict"),
        ] {
            #expect(PushProblem(problem.json) == problem)
        }
        #expect(PushProblem([:]) == nil && PushProblem(nil) == nil)
    }

    @Test(arguments: Language.allCases)
    func `every refusal has its sentence`(language: Language) throws {
        let words = try Self.words(language)
        let pinned = [PinnedShare(name: "Pin", share: 40), PinnedShare(name: "Other", share: 10)]
        let refusals: [ShareRefusal] = [
            .shareOutOfRange(offer: "A", allowed: 1...49, pinned: pinned, othersCount: 1),
            .shareOutOfRange(offer: "A", allowed: 1...59, pinned: [pinned[0]], othersCount: 1),
            .shareOutOfRange(offer: "A", allowed: 1...99, pinned: [], othersCount: 2),
            .shareOutOfRange(offer: "A", allowed: 50...50, pinned: pinned, othersCount: 0),
            .shareOutOfRange(offer: "A", allowed: 100...100, pinned: [], othersCount: 0),
            .onlyPinnedWouldRemain(total: 40), .tooManyOffers(count: 101), .pinnedOver(total: 99, freeCount: 2),
            .pinnedOutOfRange(offer: "A", share: 0), .lastOffer(offer: "A"), .noActiveOffers,
            .rowIsOffInKeitaro(offer: "A"), .alreadyInFlow(offer: "A"), .alreadyRemoved(offer: "A"),
            .notRemoved(offer: "A"), .unknownRow(id: 7),
        ]
        for refusal in refusals {
            let problem = refusal.problem
            let sentences = [problem.title, problem.detail].compactMap { $0 } + problem.reasons
            for text in sentences.map({ words($0) }) {
                #expect(text.count > 8 && !text.contains("{") && !text.hasPrefix("refused."), "\(refusal): \(text)")
            }
            #expect([422, 404].contains(problem.status.code))
        }
        let blocks: [(PushBlock, String)] = [
            (.noActiveOffer, ""), (.duplicateOffer(offerID: 4_329), "4329"), (.totalIsNot100(total: 104), "104"),
            (.shareOutOfRange(offer: "Teeth", share: 0), "Teeth"),
        ]
        for (block, fact) in blocks {
            let text = words(block.word)
            #expect(
                text.count > 8 && (fact.isEmpty || text.contains(fact)) && !text.contains("{")
                    && !text.hasPrefix("draft."), "\(text)")
            #expect(PushHindrance.codes.contains(PushHindrance.set(block).code))
        }
    }

    // MARK: Filters

    @Test func `three filters are shown, the rest is counted`() throws {
        let words = try Self.words(.en)
        func filter(_ name: String, _ values: [JSON], mode: String = "accept") -> JSON {
            ["name": .string(name), "mode": .string(mode), "payload": .array(values)]
        }
        let chips = FilterChips(
            [
                filter("country", ["UA", "PL", "KZ", "MX", "RO"]), filter("os", ["iOS"], mode: "reject"),
                filter("bot", []), filter("city", ["Kyiv"]), filter("isp", [7]),
            ], words)
        #expect(chips.shown.count == 3 && chips.moreText == "2 more filters")
        #expect(chips.shown.map { Self.text($0, "label") } == ["UA, PL, KZ +2", "except iOS", "bot"])
        #expect(chips.shown.map { Self.text($0, "title") } == ["Country: UA, PL, KZ, MX, RO", "OS: iOS", "bot: "])
        #expect(FilterChips([filter("isp", [7])], words).shown.map { Self.text($0, "label") } == ["7"])
    }

    @Test(arguments: [.null, [], "text", [[:]], [["name": 5, "payload": "x"]]] as [JSON])
    func `odd filters do no harm`(filters: JSON) throws {
        let chips = FilterChips(filters, try Self.words(.en))
        #expect(chips.shown.count == (filters.arrayValue?.count ?? 0) && chips.moreText == nil)
    }

    private static func text(_ chip: ViewValue, _ name: ViewKey) -> String? {
        guard case .object(let object) = chip, case .string(let text)? = object[name] else { return nil }
        return text
    }
}

import Base
import HTTP
import Testing

@testable import FlowEditor

struct CampaignFilterTests {
    private static func campaign(
        _ id: Int64, _ name: String, _ state: CampaignSummary.State = .active, group: Int64? = nil, flows: Int? = nil,
        drafts: Int = 0, synced: Int64 = 0
    ) -> CampaignSummary {
        CampaignSummary(
            id: id, keitaroID: 1000 - id, name: name, state: state, groupID: group, groupName: group.map { "G\($0)" },
            searchText: "\(name) alias\(id) \(1000 - id)".lowercased(), flows: flows, drafts: drafts,
            syncedAt: Timestamp(microseconds: synced))
    }

    private let campaigns = [
        campaign(1, "UA · Схуднення", group: 2, flows: 3, drafts: 2, synced: 30),
        campaign(2, "PL Nutra", .disabled, group: 1, flows: nil, synced: 20),
        campaign(3, "KZ Crypto", .archived, group: 2, drafts: 1, synced: 10),
        campaign(4, "MX Crypto", group: 1, flows: 7, synced: 40), campaign(5, "ПОЛЬЩА", synced: 50),
    ]

    private static func filter(_ query: String) throws -> CampaignFilter {
        CampaignFilter(try #require(FormFields(decoding: Array(query.utf8))))
    }

    private func ids(_ query: String) throws -> [Int64] { try Self.filter(query).apply(to: campaigns).map(\.id) }

    @Test(
        arguments: [
            ("", [1, 2, 4, 5]), ("state=all", [1, 2, 4, 5]), ("state=active", [1, 4, 5]), ("state=disabled", [2]),
            ("state=archived", [3]), ("state=nonsense", [1, 2, 4, 5]), ("q=crypto", [4]),
            ("q=CRYPTO&state=archived", [3]),
            ("q=%D1%81%D1%85%D1%83%D0%B4%D0%BD", [1]), ("q=%D0%BF%D0%BE%D0%BB%D1%8C%D1%89%D0%B0", [5]),
            ("q=mx+crypto", [4]), ("q=crypto+mx", [4]), ("q=mx+nutra", []), ("q=998", [2]), ("q=alias4", [4]),
            ("q=+++", [1, 2, 4, 5]), ("group=1", [2, 4]), ("group=x", [1, 2, 4, 5]), ("drafts=1", [1]),
            ("drafts=1&state=archived", [3]), ("drafts=0", [1, 2, 4, 5]), ("group=2&q=ua", [1]),
        ] as [(String, [Int64])])
    func `shows what fits`(query: String, expected: [Int64]) throws {
        #expect(try ids(query).sorted() == expected)
    }

    @Test(
        arguments: [
            ("sort=name", [4, 2, 1, 5]), ("sort=name&dir=desc", [5, 1, 2, 4]), ("sort=id", [5, 4, 2, 1]),
            ("sort=id&dir=desc", [1, 2, 4, 5]), ("sort=group", [5, 4, 2, 1]), ("sort=flows", [4, 1, 5, 2]),
            ("sort=flows&dir=asc", [2, 5, 1, 4]), ("sort=synced", [5, 4, 1, 2]), ("sort=synced&dir=asc", [2, 1, 4, 5]),
            // Numbers come later; until then it is by name, whichever way they are wanted.
            ("sort=revenue&dir=asc", [4, 2, 1, 5]), ("", [4, 2, 1, 5]), ("sort=nonsense&dir=desc", [4, 2, 1, 5]),
        ] as [(String, [Int64])])
    func `sorts`(query: String, expected: [Int64]) throws {
        #expect(try ids(query) == expected)
    }

    @Test func `counts over everything the other filters leave`() throws {
        #expect(
            try Self.filter("state=archived").counts(campaigns)
                == CampaignFilter.Counts(all: 4, active: 3, disabled: 1, archived: 1, withDrafts: 1))
        #expect(
            try Self.filter("q=crypto").counts(campaigns)
                == CampaignFilter.Counts(all: 1, active: 1, disabled: 0, archived: 1, withDrafts: 1))
    }

    @Test func `a column's first direction is the one wanted`() throws {
        #expect(try Self.filter("sort=name").isDescending == false)
        #expect(try Self.filter("sort=clicks").isDescending)
        #expect(try Self.filter("sort=clicks&dir=asc").isDescending == false)
        #expect(CampaignFilter().column == .revenue && CampaignFilter().isDescending)
    }

    @Test func `a long search text is cut, not refused`() throws {
        #expect(try Self.filter("q=" + String(repeating: "x", count: 10_000)).text.count == 200)
    }
}

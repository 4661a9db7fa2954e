import Testing

@testable import Postgres

@Suite struct MigrationPlanTests {
    private static func files(_ names: [String]) -> [Migration] {
        names.map { Migration(name: $0, text: "-- \($0)") }
    }

    private static func applied(_ names: [String]) -> [MigrationPlan.Applied] {
        files(names).map { MigrationPlan.Applied(name: $0.name, checksum: $0.checksum) }
    }

    private static let abc = ["0001_a.sql", "0002_b.sql", "0003_c.sql"]

    @Test(arguments: [([], abc), (Array(abc.prefix(1)), Array(abc.suffix(2))), (abc, [])] as [([String], [String])])
    func `leaves what is not applied yet, in order`(done: [String], left: [String]) throws {
        let pending = try MigrationPlan.pending(files: Self.files(Self.abc.reversed()), applied: Self.applied(done))
        #expect(pending.map(\.name) == left)
    }

    @Test(
        arguments: [
            (["0001_a.sql", "0003_c.sql"], .gap(after: 1, next: "0003_c.sql")),
            (["0002_a.sql"], .gap(after: 0, next: "0002_a.sql")),
            (["0001_a.sql", "0001_b.sql"], .duplicateNumber("0001_a.sql", "0001_b.sql")),
            (["1_a.sql"], .badName("1_a.sql")), (["0001_A.sql"], .badName("0001_A.sql")),
            (["0001_.sql"], .badName("0001_.sql")), (["0001-a.sql"], .badName("0001-a.sql")),
            (["0001_a.txt"], .badName("0001_a.txt")), (["README"], .badName("README")),
        ] as [([String], MigrationError)])
    func `refuses files that are wrong by themselves`(names: [String], error: MigrationError) {
        #expect(throws: error) { try MigrationPlan.pending(files: Self.files(names), applied: []) }
    }

    @Test func `refuses a changed, a missing and a late file`() {
        let files = Self.files(Self.abc)
        #expect(throws: MigrationError.changed("0002_b.sql")) {
            let changed = [Self.applied(["0001_a.sql"])[0], .init(name: "0002_b.sql", checksum: "00")]
            return try MigrationPlan.pending(files: files, applied: changed)
        }
        #expect(throws: MigrationError.missing("0004_d.sql")) {
            try MigrationPlan.pending(files: files, applied: Self.applied(Self.abc + ["0004_d.sql"]))
        }
        #expect(throws: MigrationError.outOfOrder("0002_b.sql", applied: "0003_c.sql")) {
            try MigrationPlan.pending(files: files, applied: Self.applied(["0001_a.sql", "0003_c.sql"]))
        }
    }
}

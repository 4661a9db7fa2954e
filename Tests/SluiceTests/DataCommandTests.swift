import Testing

@testable import Sluice

@Suite struct DataCommandTests {
    @Test(
        arguments: [
            ("retention list", DataCommand.retentionList), ("retention run", .retentionRun),
            ("retention set sessions 7", .retentionSet("sessions", days: 7)),
            ("retention set sessions forever", .retentionSet("sessions", days: nil)),
            ("person export Olena", .personExport("Olena")), ("person erase 7", .personErase("7", isSure: false)),
            ("person erase 7 --yes", .personErase("7", isSure: true)),
            ("retention", nil), ("retention set sessions 0", nil), ("retention set sessions 99999", nil),
            ("person erase 7 yes", nil), ("person", nil),
        ])
    func `the command line is read`(line: String, expected: DataCommand?) throws {
        let words = line.split(separator: " ").map(String.init)
        if let expected {
            #expect(try Invocation(words).command == .data(expected))
        } else {
            #expect(throws: Usage.self) { try Invocation(words) }
        }
    }
}

import Glibc
import Testing

@testable import Base

/// Every input that was ever found or written by hand, through the same readers and rules as under the fuzzer. What `bin/fuzz` finds is
/// held by putting its file into the corpus.
@Suite struct CorpusTests {
    static var corpus: String { "\(#filePath.split(separator: "/").dropLast(2).map { "/\($0)" }.joined())/corpus" }

    @Test func `the corpus has inputs for each reader, and none that nobody reads`() throws {
        let names = try FileSystem.list(CorpusTests.corpus)
        #expect(names.contains { $0.hasPrefix("found-") })
        let letters = try Set(
            names.compactMap { try FileSystem.read("\(CorpusTests.corpus)/\($0)", limit: 1 << 20).first })
        #expect(letters == Set("HCSFKPJMVRDA".utf8))
    }

    /// In a process of its own, for a broken rule ends it and so does a trap.
    @Test func `every input of the corpus is read as it should be`() async {
        await #expect(
            processExitsWith: .success, "its standard error has the reason; bin/fuzz Tests/Fuzz/corpus/NAME repeats it"
        ) {
            for name in try FileSystem.list(CorpusTests.corpus).sorted() {
                let input = try FileSystem.read("\(CorpusTests.corpus)/\(name)", limit: 1 << 20)
                require(
                    input.withUnsafeBufferPointer { fuzzOneInput($0.baseAddress, $0.count) } == 0,
                    "\(name) is not read")
            }
        }
    }

    @Test func `a broken rule ends the process`() async {
        await #expect(processExitsWith: .signal(SIGABRT)) { require(false, "this test breaks it") }
    }
}

import Base
import Synchronization
import Testing

@Suite struct LogfmtTests {
    final class Lines: Sendable {
        private let lines = Mutex<[String]>([])
        var all: [String] { lines.withLock { $0 } }
        var sink: Logger.Sink {
            { record in self.lines.withLock { $0.append(String(decoding: record, as: UTF8.self)) } }
        }
    }

    @Test(arguments: [
        ("plain", "plain"), ("", #""""#), ("two words", #""two words""#), ("a=b", #""a=b""#),
        ("say \"hi\"", #""say \"hi\"""#),
        ("back\\slash", #""back\\slash""#), ("line\nlevel=error", #""line\nlevel=error""#), ("a\r\nb", #""a\r\nb""#),
        ("\t", #""\t""#), ("\u{1B}[31m", #""\u001b[31m""#), ("\0", #""\u0000""#), ("\u{7F}\u{85}", #""\u007f\u0085""#),
        ("a\u{2028}b", #""a\u2028b""#), ("\u{202E}evil", #""\u202eevil""#), ("é", "\"é\""), ("😀", "\"😀\""),
        ("https://a.example/?b", "https://a.example/?b"), ("e\u{301}\n", "\"e\u{301}\\n\""),
    ])
    func `quotes and escapes what could end a value`(_ value: String, _ expected: String) {
        var line = Logfmt()
        line.append("k", value)
        #expect(String(decoding: line.record(), as: UTF8.self) == "k=\(expected)\n")
    }

    @Test func `a key is always one word`() {
        var line = Logfmt()
        line.append("a b=c\n", "1")
        line.append("", "2")
        #expect(String(decoding: line.record(), as: UTF8.self) == "a_b_c_=1 _=2\n")
    }

    @Test func `a record is one line with time, level, component and message first`() throws {
        let lines = Lines()
        Logger(component: "http", sink: lines.sink).info(
            "listening", ["port": "8080", "absent": nil, "on": "all of it"])
        let line = try #require(lines.all.first)
        #expect(line.hasSuffix(" level=info component=http msg=\"listening\" port=8080 on=\"all of it\"\n"))
        let time = try #require(line.split(separator: " ").first)
        #expect(time.hasPrefix("time="))
        #expect(Timestamp(iso8601: time.dropFirst(5)) != nil)
    }

    @Test func `nothing a visitor sends can make a second line`() {
        let lines = Lines()
        Logger(component: "x", sink: lines.sink).error("a\nb", ["k\nk": "v\r\nlevel=info"])
        #expect(lines.all.count == 1)
        #expect(lines.all.first?.filter { $0.isNewline }.count == 1)
    }

    @Test func `records below the level are not even built`() {
        let lines = Lines()
        let log = Logger(level: .warning, component: "x", sink: lines.sink)
        var built = 0
        func message() -> String {
            built += 1
            return "message"
        }
        log.debug(message())
        log.info(message())
        #expect(built == 0)
        log.warning(message())
        log.error(message())
        #expect(built == 2)
        #expect(lines.all.map { $0.contains("level=warning") } == [true, false])
        #expect(Logger.Level.allCases == Logger.Level.allCases.sorted())
    }

    @Test func `the request of the task is on each record`() async {
        let lines = Lines()
        let log = Logger(component: "http", sink: lines.sink).component("keitaro")
        await Logger.$requestID.withValue("r-17") {
            await Task.yield()
            log.info("one")
        }
        log.info("two")
        #expect(lines.all.map { $0.contains(" request=r-17") } == [true, false])
        #expect(lines.all.allSatisfy { $0.contains("component=keitaro") })
    }

    @Test func `a descriptor gets the whole record`() throws {
        let directory = try TemporaryDirectory()
        let path = directory.path + "/log"
        let fd = try directory.create("log")
        Logger(component: "x", sink: Logger.descriptor(fd)).info("hello")
        directory.close(fd)
        let text = String(decoding: try FileSystem.read(path, limit: 1_000), as: UTF8.self)
        #expect(text.hasSuffix("level=info component=x msg=\"hello\"\n"))
        // A closed descriptor must neither trap nor throw.
        Logger(component: "x", sink: Logger.descriptor(-1)).info("lost")
    }
}

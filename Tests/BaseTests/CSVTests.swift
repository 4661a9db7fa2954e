import Base
import Testing

struct CSVTests {
    @Test(
        arguments: [
            ([], "\r\n"), (["a", "b"], "a,b\r\n"), ([""], "\r\n"), (["a,b"], "\"a,b\"\r\n"),
            (["say \"x\""], "\"say \"\"x\"\"\"\r\n"), (["two\nlines", "Олена"], "\"two\nlines\",Олена\r\n"),
            (["=1+1", "-5", "+x", "@x", "a=b"], "\"'=1+1\",\"'-5\",\"'+x\",\"'@x\",a=b\r\n"),
            (["\tx", "\r"], "\"'\tx\",\"'\r\"\r\n"),
        ] as [([String], String)])
    func `a line is read back as it was, and never as a formula`(cells: [String], line: String) {
        #expect(String(decoding: CSV.line(cells), as: UTF8.self) == line)
    }
}

import Base
import Testing

@Suite struct DotEnvTests {
    @Test(
        arguments: [
            ("", [:]), ("\n\n", [:]), ("# comment", [:]), ("A=1", ["A": "1"]), ("A=1\nB=2\n", ["A": "1", "B": "2"]),
            ("A=1\r\nB=2\r\n", ["A": "1", "B": "2"]), ("  A = 1  ", ["A": "1"]), ("export A=1", ["A": "1"]),
            ("export\tA=1", ["A": "1"]), ("export=1", ["export": "1"]), ("A=", ["A": ""]), ("A=''", ["A": ""]),
            ("A=\"\"", ["A": ""]),
            ("A=1\nA=2", ["A": "2"]), ("A=a b c", ["A": "a b c"]), ("A=a # comment", ["A": "a"]),
            ("A=a#b", ["A": "a#b"]),
            ("A=# comment", ["A": ""]), ("A='a # b'", ["A": "a # b"]), ("A=\"a # b\" # c", ["A": "a # b"]),
            ("A='a' ", ["A": "a"]),
            (#"A="x\ny\t\"z\"\\\$\q""#, ["A": "x\ny\t\"z\"\\$\\q"]), (#"A='x\n"y"'"#, ["A": #"x\n"y""#]),
            ("A=\"one\ntwo\"\nB=3", ["A": "one\ntwo", "B": "3"]), ("A=$HOME/${X}", ["A": "$HOME/${X}"]),
            ("A=b=c==", ["A": "b=c=="]),
            ("A=it's", ["A": "it's"]), ("\u{FEFF}A=1", ["A": "1"]), ("_a.b-C9=привіт", ["_a.b-C9": "привіт"]),
            ("POSTGRES_HOST='';", nil), ("A", nil), ("=1", nil), ("1A=1", nil), ("A B=1", nil), ("export A", nil),
            ("A='open", nil),
            ("A=\"open\\\"", nil), ("A='a'b", nil), ("- A=1", nil), ("A: 1", nil),
        ] as [(String, [String: String]?)])
    func `reads what shells and Compose write`(_ text: String, _ expected: [String: String]?) {
        #expect((try? DotEnv.parse(text)) == expected)
    }

    @Test func `reports every bad line by number and none of its content`() {
        do {
            _ = try DotEnv.parse("A=1\nhunter2\n\nB='x'hunter2\nC=\"two\nlines\"\nhunter2 too\nD='hunter2\n")
            Issue.record("was read")
        } catch {
            #expect(error.problems.map(\.name) == [".env line 2", ".env line 4", ".env line 7", ".env line 8"])
            #expect(!error.description.contains("hunter2"))
        }
    }

    @Test func `the environment beats the file`() throws {
        let directory = try TemporaryDirectory()
        let path = directory.path + "/.env"
        #expect(try DotEnv.merged(file: path, under: ["A": "1"]) == ["A": "1"])
        try FileSystem.write(Array("A=file\nB=file\nC=file".utf8), to: path)
        #expect(try DotEnv.merged(file: path, under: ["A": "1", "B": ""]) == ["A": "1", "B": "", "C": "file"])
        try FileSystem.write([0xFF], to: path)
        #expect(throws: ConfigurationProblems.self) { try DotEnv.merged(file: path, under: [:]) }
        #expect(throws: ConfigurationProblems.self) { try DotEnv.merged(file: directory.path, under: [:]) }
    }

    @Test func `random text never traps`() {
        var random = SeededGenerator(seed: 5)
        let letters = Array("Aexport =\"'\\\n\r#$é".unicodeScalars)
        for _ in 0..<20_000 {
            var text = String.UnicodeScalarView()
            for _ in 0..<Int.random(in: 0...30, using: &random) {
                text.append(letters.randomElement(using: &random) ?? "=")
            }
            _ = try? DotEnv.parse(String(text))
        }
    }

    @Test func `the process has an environment`() {
        #expect(ProcessEnvironment.all()["PATH"] != nil)
    }
}

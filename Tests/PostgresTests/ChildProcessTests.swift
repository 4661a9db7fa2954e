import Glibc
import Testing

@testable import Postgres

@Suite struct ChildProcessTests {
    private func run(_ script: String, timeout: Duration = .seconds(20)) throws -> ChildProcess.Outcome {
        try ChildProcess.run(
            ["/bin/sh", "-c", script], environment: ["PATH": "/usr/bin:/bin", "WORD": "hello"], timeout: timeout)
    }

    @Test func `keeps what the program said and its status`() throws {
        let outcome = try run("echo $WORD; echo trouble >&2; exit 3")
        #expect(outcome.status == 3 && outcome.signal == nil && !outcome.isSuccess)
        #expect(outcome.output == "hello\ntrouble\n")
    }

    @Test func `does not wait for a grandchild that keeps the pipe`() throws {
        let outcome = try run("sleep 30 & echo $!")
        let grandchild = try #require(pid_t(outcome.output.prefix { $0 != "\n" }))
        kill(grandchild, SIGKILL)
        #expect(outcome.isSuccess)
    }

    @Test func `takes long output and drops what is too much`() throws {
        let outcome = try run("head -c 300000 /dev/zero | tr '\\0' x")
        #expect(outcome.isSuccess)
        #expect(outcome.output.utf8.count >= 65_536 && outcome.output.utf8.count < 70_000)
    }

    @Test func `tells a signal from a status`() throws {
        let outcome = try run("kill -TERM $$")
        #expect(outcome.signal == SIGTERM && outcome.status == nil)
    }

    @Test func `stops the program when its time is up`() {
        #expect(throws: ChildProcess.Failure.timedOut(program: "/bin/sh", after: .milliseconds(50))) {
            try run("sleep 30", timeout: .milliseconds(50))
        }
    }

    @Test func `says when there is no such program`() {
        let failure = #expect(throws: ChildProcess.Failure.self) {
            try ChildProcess.run(["/no/such/program"], timeout: .seconds(1))
        }
        #expect(failure.map { "\($0)".contains("/no/such/program") } == true)
    }

    @Test func `gives the program a session and signals of its own`() throws {
        let outcome = try run("cat /proc/self/stat | cut -d' ' -f6; echo $$; grep SigBlk /proc/self/status")
        let lines = outcome.output.split(separator: "\n")
        #expect(lines.count == 3 && lines[0] == lines[1])
        #expect(lines[2].hasSuffix("0000000000000000"))
    }
}

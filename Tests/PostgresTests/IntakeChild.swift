import Base
import Glibc
import TestGround

/// The intake process, which takes rows until it is killed.
final class IntakeChild: Sendable {
    private let process: ProgramProcess
    private let answersPath: String

    /// Built beside the tests.
    private static let program =
        ProgramProcess.sluice.split(separator: "/").dropLast().reduce("") { "\($0)/\($1)" }
        + "/IntakeProcess"

    init(url: Secret, dataDirectory: String, first: Int64, answers: String) throws {
        answersPath = answers
        process = try ProgramProcess([Self.program, url.reveal(), dataDirectory, String(first), answers])
    }

    /// The ids that have been answered for.
    var answered: [Int64] {
        let bytes = (try? FileSystem.read(answersPath, limit: 1 << 26)) ?? []
        // The last line may have been cut.
        return String(decoding: bytes, as: UTF8.self).split(separator: "\n", omittingEmptySubsequences: false)
            .dropLast()
            .compactMap { Int64($0) }
    }

    func kill() { process.end(SIGKILL) }
}

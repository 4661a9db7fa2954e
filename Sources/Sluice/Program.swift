import Accounts
import Base
import DataKeeping
import Glibc
import Postbacks
import Postgres
import Reactor
import Synchronization

/// The process: its loops, and the command that runs on them.
struct Program {
    let configuration: Configuration

    private var log: Logger { Logger(level: configuration.logLevel, component: "sluice") }

    /// The main thread is the first loop; a serving process has more.
    func run(_ command: Invocation.Command) throws -> Int32 {
        let count = command == .serve ? configuration.loops : 1
        let loops = try (0..<count).map { try EventLoop(name: "loop-\($0)") }
        for loop in loops.dropFirst() { loop.start() }
        let main = loops[0]
        let outcome = Outcome()
        main.spawn {
            let result = await perform(command, loops: loops)
            outcome.code.withLock { $0 = result }
            main.stop()
        }
        main.run()
        return outcome.code.withLock { $0 }
    }

    private final class Outcome: Sendable {
        let code = Mutex<Int32>(ExitCode.failure)
    }

    private func perform(_ command: Invocation.Command, loops: [EventLoop]) async -> Int32 {
        do {
            switch command {
            case .serve: return try await Desk(configuration: configuration, loops: loops, log: log).serve()
            case .doctor: return await Doctor(configuration: configuration, loops: loops, log: quietLog).run()
            case .sandbox(let port): return try await SandboxCommand.run(port: port, loop: loops[0], log: log)
            case .upkeep(let upkeep):
                return try await Upkeep(configuration: configuration, loops: loops, log: quietLog).run(upkeep)
            case .data(let command):
                return try await withStorage(loops) { storage in
                    try await DataCommands(
                        retention: .ofDesk(storage.database),
                        people: PersonalData(database: storage.database)
                    ).run(command)
                }
            default:
                return try await withStorage(loops) {
                    try await AccountCommands(store: $0.accounts, configuration: configuration).run(command)
                }
            }
        } catch {
            StandardError.write("\(error)\n")
            return ExitCode.failure
        }
    }

    /// Commands print their answer and nothing else, unless something is wrong.
    private var quietLog: Logger {
        Logger(level: max(configuration.logLevel, .warning), component: "sluice")
    }

    private func withStorage(
        _ loops: [EventLoop], _ body: (Storage) async throws -> Int32
    ) async throws -> Int32 {
        let storage = try await Storage.open(configuration, loops: loops, log: quietLog)
        do {
            let code = try await body(storage)
            await storage.close()
            return code
        } catch {
            await storage.close()
            throw error
        }
    }
}

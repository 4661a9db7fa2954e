import Base
import Reactor

/// The loop's one connection for telling the server to cancel what another backend does: `PQcancel` would block the loop. Opened
/// when first needed and kept. Touched only on its loop's thread (`@unchecked Sendable` on that ground).
final class ControlConnection: @unchecked Sendable {
    private let target: ConnectionTarget
    private let loop: EventLoop
    private let settings: Database.Settings
    private let log: Logger
    private var connection: Connection?
    private var opening: Task<Result<Connection, PostgresError>, Never>?
    private var isClosed = false

    init(target: ConnectionTarget, loop: EventLoop, settings: Database.Settings, log: Logger) {
        self.target = target
        self.loop = loop
        var hurried = settings
        hurried.connectDeadline = min(settings.connectDeadline, settings.cancelGrace)
        hurried.statementDeadline = settings.cancelGrace
        self.settings = hurried
        self.log = log
    }

    /// True once the server has passed the cancellation on. Takes about the grace at most.
    func cancel(_ process: Int32) async -> Bool {
        do throws(PostgresError) {
            let before = connection
            do throws(PostgresError) {
                return try await ask(process)
            } catch {
                // A kept one may have broken while nobody used it.
                guard before != nil, error.isUnsent else { throw error }
                return try await ask(process)
            }
        } catch {
            log.warning("a statement could not be cancelled", ["error": "\(error)"])
            return false
        }
    }

    private func ask(_ process: Int32) async throws(PostgresError) -> Bool {
        let control = try await current()
        let answer = try await control.finishingQuery(
            "SELECT pg_cancel_backend(\(process))", within: settings.statementDeadline)
        return try answer.first?.get(0, Bool.self) ?? false
    }

    private func current() async throws(PostgresError) -> Connection {
        guard !isClosed else { throw PostgresError(.misuse, "the database is closed") }
        if let connection, connection.isAlive() { return connection }
        if let opening { return try await opening.value.get() }
        let task = Task(executorPreference: loop) { [target, loop, settings] in
            await Self.open(target, on: loop, settings: settings)
        }
        opening = task
        let outcome = await task.value
        opening = nil
        let opened = try outcome.get()
        guard !isClosed else {
            opened.close()
            throw PostgresError(.misuse, "the database is closed")
        }
        connection = opened
        return opened
    }

    private static func open(
        _ target: ConnectionTarget, on loop: EventLoop, settings: Database.Settings
    ) async -> Result<Connection, PostgresError> {
        do throws(PostgresError) {
            return .success(try await Connection.open(target, on: loop, settings: settings))
        } catch {
            return .failure(error)
        }
    }

    func close() {
        isClosed = true
        connection?.close()
        connection = nil
    }
}

import Base
import HTTP
import Postgres
import Synchronization

/// Who acts, with what and from where: all that a line of the audit log says beside the deed itself. Stores take one, so that the
/// line is written in the transaction of the change it tells of.
package struct AuditActor: Sendable {
    /// Nil for the command line, and for whoever is not known yet.
    package var userID: Int64?
    /// The name at that moment; it stays when the account is gone.
    package var person: String
    package var tokenID: Int64?
    package var address: String
    package var requestID: String
    /// What a deed is called unless it has a name of its own; a request's is its route's.
    package var action: String
    private let slip: AuditSlip?

    package init(
        userID: Int64?, person: String, tokenID: Int64?, address: String, requestID: String, action: String,
        slip: AuditSlip?
    ) {
        self.userID = userID
        self.person = person
        self.tokenID = tokenID
        self.address = address
        self.requestID = requestID
        self.action = action
        self.slip = slip
    }

    /// Who types commands on the server; their deeds name themselves.
    package static let commandLine = AuditActor(
        userID: nil, person: "command line", tokenID: nil, address: "", requestID: "", action: "command", slip: nil)

    /// A command whose work is no transaction of ours, such as a dump. A database from before the log gets no line.
    package static func recordCommand(
        _ action: String, _ object: String, after: String? = nil, in database: Database
    ) async throws {
        let row = try await database.one("SELECT to_regclass('audit_log') IS NOT NULL AS is_there")
        guard try row.get("is_there", Bool.self) else { return }
        try await commandLine.write(object, after: after, action: action, in: database)
    }

    /// For work that outlives its request.
    package static func later(userID: Int64?, person: String, action: String, requestID: String) -> AuditActor {
        AuditActor(
            userID: userID, person: person, tokenID: nil, address: "", requestID: requestID, action: action, slip: nil)
    }

    /// The same request, made by whom it turned out to be.
    package func named(_ person: String, userID: Int64) -> AuditActor {
        var actor = self
        actor.userID = userID
        actor.person = person
        actor.tokenID = nil
        return actor
    }

    /// Values longer than this are cut: the log is read by people.
    static let longestText = 2_000

    /// Writes a line. Before and after are for people, and never hold a secret.
    /// - Parameters:
    ///   - transaction: the one that makes the change.
    ///   - action: nil for the actor's own.
    package func record(
        _ object: String, before: String? = nil, after: String? = nil, action: String? = nil,
        in transaction: Transaction
    ) async throws {
        try await write(object, before: before, after: after, action: action, in: transaction)
        slip?.markWritten()
    }

    /// For what changes nothing that is stored: exports, and what a handler left out.
    package func write(
        _ object: String, before: String? = nil, after: String? = nil, action: String? = nil,
        in queryable: some Queryable
    ) async throws {
        func cut(_ text: String?) -> String? { text.map { String($0.prefix(Self.longestText)) } }
        try await queryable.execute(
            """
            INSERT INTO audit_log (user_id, person, token_id, action, object, before, after, address, request_id)
            VALUES (\(userID), \(person), \(tokenID), \(action ?? self.action), \(cut(object) ?? ""),
                \(cut(before)), \(cut(after)), \(address), \(requestID))
            """)
    }
}

/// Whether a request has its line. Attached to each request that may need one.
package final class AuditSlip: Sendable {
    private let written = Atomic(false)

    package init() {}

    package var isWritten: Bool { written.load(ordering: .relaxed) }

    package func markWritten() { written.store(true, ordering: .relaxed) }
}

/// Attached by a handler that was asked to change what is that way already.
package struct NothingChanged: Sendable {
    package init() {}
}

extension Request {
    /// Who makes this request, for the audit log.
    package func auditActor() throws -> AuditActor {
        guard let actor = self[AuditActor.self] else { throw HTTPError(.unauthorized) }
        return actor
    }
}

extension Route {
    /// Its name in the audit log: its path without the parts that vary, such as `campaigns.flow.push`.
    package var auditAction: String {
        let parts = pattern.split(separator: "/").filter { !$0.hasPrefix("{") }
        return parts.isEmpty ? "home" : parts.joined(separator: ".").replacing("-", with: "_")
    }

    /// Whether a successful call is written into the audit log.
    package func isAudited(_ method: HTTP.Method) -> Bool {
        switch effect {
        case .reads: false
        case .administers: !method.isSafe
        case .exports, .writes, .pushes: true
        }
    }
}

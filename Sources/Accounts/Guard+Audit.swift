import Audit
import Base
import HTTP
import Postgres

/// Each write, push, export and act of administration has its line in the audit log.
extension Guard {
    /// Gives the request what its handler writes lines with.
    func prepareAudit(_ request: Request, _ route: Route) {
        let person = request[SignedIn.self]
        var tokenID: Int64?
        if case .apiToken(let id, _)? = person?.proof { tokenID = id }
        let slip = AuditSlip()
        request[AuditSlip.self] = slip
        request[AuditActor.self] = AuditActor(
            userID: person?.user.id, person: person?.user.name ?? "", tokenID: tokenID,
            address: ClientAddress.of(request, trusting: proxies), requestID: request.id, action: route.auditAction,
            slip: slip)
    }

    /// An export is told before its first byte is out: without a line there is none.
    func recordExport(_ request: Request, _ route: Route) async throws {
        guard route.effect == .exports, let actor = request[AuditActor.self] else { return }
        let query = request.rawQuery.isEmpty ? "" : "?\(request.rawQuery)"
        try await actor.write(request.rawPath + query, in: store.database)
        request[AuditSlip.self]?.markWritten()
    }

    /// A handler writes its line in the transaction of its change. This is for one that forgot: it is told late rather than not at
    /// all, and tests refuse it.
    func recordLate(_ request: Request, _ route: Route) async {
        guard route.isAudited(request.method), let slip = request[AuditSlip.self],
            !slip.isWritten, request[NothingChanged.self] == nil,
            let actor = request[AuditActor.self], actor.userID != nil
        else { return }
        do {
            try await actor.write(request.rawPath, in: store.database)
        } catch {
            log.error(
                "the audit log lacks a line",
                ["action": actor.action, "object": request.rawPath, "request_id": request.id, "error": "\(error)"])
        }
    }
}

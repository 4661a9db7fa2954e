import Base
import HTTP

/// Writes, pushes, exports and administration are logged once they succeeded.
extension Guard {
    /// A log that can't be written doesn't undo what was done and answered; the process's log then says what is missing.
    func record(_ request: Request, _ route: Route, _ person: SignedIn) async {
        let isRead = route.effect == .reads || (route.effect == .administers && request.method.isSafe)
        guard !isRead, request[AuditIsDone.self] == nil else { return }
        let note = request[AuditNote.self]
        var tokenID: Int64?
        if case .apiToken(let id, _) = person.proof { tokenID = id }
        let entry = AuditTrail.Entry(
            userID: person.user.id, person: person.user.name, tokenID: tokenID, action: AuditTrail.action(route),
            object: note?.object ?? request.rawPath, before: note?.before, after: note?.after,
            address: ClientAddress.of(request, trusting: proxies), requestID: request.id)
        do {
            try await trail.record(entry)
        } catch {
            log.error(
                "the audit log lacks a line",
                ["action": entry.action, "object": entry.object, "request_id": request.id, "error": "\(error)"])
        }
    }
}

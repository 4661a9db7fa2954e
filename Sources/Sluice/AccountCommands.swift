import Accounts
import Base

/// `token …`, `user …` and `migrate`, which has done its work when the database is open.
struct AccountCommands {
    let store: AccountStore
    let configuration: Configuration

    func run(_ command: Invocation.Command) async throws -> Int32 {
        switch command {
        case .tokenCreate(let name, let role, let scopes, let days):
            print(try await store.createToken(name: name, role: role, scopes: scopes, days: days))
        case .tokenList:
            for token in try await store.tokens() {
                let used = token.lastUsedAt.map { "last used \($0.iso8601)" } ?? "never used"
                let end = token.expiresAt.map { "\(token.isExpired ? "expired" : "expires") \($0.iso8601)" } ?? "no end"
                let scopes = token.scopes.joined(separator: ",")
                let state = token.isRevoked ? "revoked" : "\(used)\t\(end)"
                print("\(token.id)\t\(token.name)\t\(token.role)\t\(scopes)\t\(state)")
            }
        case .tokenRevoke(let id):
            return try await said(store.revokeToken(id: id), "There is no token \(id) that isn't revoked already.")
        case .userList:
            for user in try await store.users() {
                print("\(user.id)\t\(user.name)\t\(user.role)\t\(user.keys) keys\(user.isClosed ? "\tclosed" : "")")
            }
        case .userInvite(let name, let role, let id): return try await invite(name, role, id)
        case .userRole(let id, let role):
            return try await said(
                store.setRole(userID: id, role), "There is no user \(id).")
        case .userClose(let id): return try await said(store.setClosed(userID: id, true), "There is no user \(id).")
        case .userOpen(let id): return try await said(store.setClosed(userID: id, false), "There is no user \(id).")
        case .migrate, .serve, .doctor, .sandbox, .upkeep, .data: break
        }
        return 0
    }

    private func invite(_ name: String, _ role: Role?, _ id: Int64?) async throws -> Int32 {
        do {
            let token = try await store.invite(loginName: name, role: role, userID: id)
            let base = configuration.publicURL ?? "http://localhost:\(configuration.port)"
            print("\(base)/users/invitation/?token=\(token)")
            StandardError.write("It works once, for \(AccountStore.invitationHours) hours.\n")
            return 0
        } catch AccountStore.InvitationRefusal.nameTaken {
            StandardError.write("Somebody else logs in as \(name).\n")
        } catch AccountStore.InvitationRefusal.noSuchUser {
            StandardError.write("There is no user \(id ?? 0).\n")
        }
        return ExitCode.failure
    }

    private func said(_ isDone: Bool, _ otherwise: String) -> Int32 {
        if !isDone { StandardError.write(otherwise + "\n") }
        return isDone ? 0 : ExitCode.failure
    }
}

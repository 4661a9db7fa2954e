import Base
import BotRuntime
import Postgres

/// What somebody of the bot may reach.
struct BotMember: Sendable {
    let userID: Int64?
    let name: String
    let reader: PostbackReader
    let mayWrite: Bool
}

extension PostbackDeskStore {
    /// By the account that is linked; administrators by ADMIN_IDS may have none.
    func member(_ person: BotPerson) async throws -> BotMember? {
        guard let userID = person.userID else {
            return person.isAdministrator
                ? BotMember(userID: nil, name: person.name, reader: .everything, mayWrite: true) : nil
        }
        guard let row = try await database.first("SELECT name, role FROM users WHERE id = \(userID)") else {
            return nil
        }
        let role: String = try row.get("role")
        let isAdmin = person.isAdministrator || role == "admin"
        guard isAdmin || role == "buyer" || role == "analyst" else { return nil }
        return BotMember(
            userID: userID, name: try row.get("name"),
            reader: isAdmin || role == "analyst" ? .everything : .own(userID: userID),
            mayWrite: isAdmin || role == "buyer")
    }
}

import Audit
import Base
import Postgres

/// SQL about passwords and the links by which they are chosen.
extension AccountStore {
    /// How long a link may be used.
    package static let invitationHours: Int64 = 72

    // MARK: Tries

    /// Names are counted beside addresses; no address starts like this.
    static func counter(ofName name: String) -> String { "name \(name.lowercased())" }

    /// Counts one try for each counter. Nil: it may be made. Else the seconds until the next may.
    func beginTries(_ counters: [String]) async throws -> Int64? {
        for counter in counters {
            if let seconds = try await beginTry(address: counter) { return seconds }
        }
        return nil
    }

    // MARK: Passwords

    struct KnownPassword: Sendable {
        let userID: Int64
        let role: Role
        let isClosed: Bool
        let hash: PasswordHash
    }

    func password(ofLogin name: String) async throws -> KnownPassword? {
        try await database.first(
            """
            SELECT users.id, users.role, users.disabled_at IS NOT NULL AS is_closed, salt, hash, cost, block_size, parallelism
            FROM users JOIN user_passwords ON user_id = users.id WHERE lower(login_name) = lower(\(name))
            """
        ).map { row in
            let parameters = Scrypt.Parameters(
                cost: try row.get("cost"), blockSize: try row.get("block_size"),
                parallelism: try row.get("parallelism"))
            return KnownPassword(
                userID: try row.get("id"), role: Role(stored: try row.get("role")),
                isClosed: try row.get("is_closed"),
                hash: PasswordHash(salt: try row.get("salt"), hash: try row.get("hash"), parameters: parameters))
        }
    }

    /// The same password under the parameters of today. Not if it was changed meanwhile.
    func strengthen(_ hash: PasswordHash, userID: Int64) async throws {
        try await database.execute(
            """
            UPDATE user_passwords SET salt = \(hash.salt), hash = \(hash.hash), cost = \(hash.parameters.cost),
                block_size = \(hash.parameters.blockSize), parallelism = \(hash.parameters.parallelism)
            WHERE user_id = \(userID) AND set_at < now() - interval '1 minute'
            """)
    }

    // MARK: Links

    package enum InvitationRefusal: Error, Equatable {
        /// No such user, or it logs in by another name.
        case noSuchUser
        /// The name belongs to somebody else.
        case nameTaken
    }

    /// A token with which the password of `loginName` can be chosen once; earlier ones of the same person end.
    ///
    /// The account is made when nobody logs in by that name. `role` is given to a new account, and to an old one when not nil.
    /// - Parameter userID: gives the name to this account, such as one that has only a Keitaro key.
    package func invite(
        loginName: String, role: Role?, userID: Int64? = nil, by actor: AuditActor = .commandLine
    ) async throws -> String {
        try await database.transaction { transaction in
            let made = try await Self.makeInvitation(
                loginName: loginName, role: role, userID: userID, in: transaction)
            try await actor.record(
                "user \(made.userID) \(loginName)", before: made.before, after: made.role, action: "users.invite",
                in: transaction)
            return made.token
        }
    }

    /// The work of `invite`, whose caller writes the line of the audit log.
    /// - Parameter isNew: refuses a name that somebody has.
    static func makeInvitation(
        loginName: String, role: Role?, userID: Int64?, isNew: Bool = false, in transaction: Transaction
    ) async throws -> (userID: Int64, token: String, before: String?, role: String) {
        let token = RandomBytes.token()
        let tokenHash = SHA256.hash(token)
        try await transaction.execute("SELECT pg_advisory_xact_lock(hashtextextended(lower(\(loginName)), 2))")
        let holder = try await transaction.first("SELECT id FROM users WHERE lower(login_name) = lower(\(loginName))")
        let holderID: Int64? = try holder?.get("id")
        if isNew, holderID != nil { throw InvitationRefusal.nameTaken }
        if let userID {
            guard holderID == nil || holderID == userID else { throw InvitationRefusal.nameTaken }
            guard
                try await transaction.execute("UPDATE users SET login_name = \(loginName) WHERE id = \(userID)") == 1
            else { throw InvitationRefusal.noSuchUser }
        }
        let invited: Int64
        var before: String?
        if let known = userID ?? holderID {
            invited = known
            before = try await transaction.one("SELECT role FROM users WHERE id = \(known) FOR UPDATE").get("role")
            if let role {
                try await transaction.execute("UPDATE users SET role = \(role.rawValue) WHERE id = \(known)")
            }
        } else {
            invited = try await transaction.one(
                """
                INSERT INTO users (name, login_name, role)
                VALUES (\(loginName), \(loginName), \((role ?? .buyer).rawValue)) RETURNING id
                """
            ).get("id")
        }
        try await transaction.execute(
            "DELETE FROM user_invitations WHERE user_id = \(invited) OR expires_at < now() - interval '30 days'")
        try await transaction.execute(
            """
            INSERT INTO user_invitations (token_hash, user_id, expires_at)
            VALUES (\(tokenHash), \(invited), now() + \(Self.invitationHours)::bigint * interval '1 hour')
            """)
        return (invited, token, before, role?.rawValue ?? before ?? Role.buyer.rawValue)
    }

    /// Who may choose a password by the link; nil once it was used or is too old.
    func invited(tokenHash: [UInt8]) async throws -> (userID: Int64, loginName: String)? {
        try await database.first(
            """
            SELECT users.id, users.login_name FROM user_invitations invitations
            JOIN users ON users.id = invitations.user_id AND users.disabled_at IS NULL
            WHERE token_hash = \(tokenHash) AND used_at IS NULL AND expires_at > now()
            """
        ).map { (try $0.get("id"), try $0.get("login_name")) }
    }

    /// Uses the link up. All sessions of the person end: whoever resets a password may have lost one.
    /// - Returns: nil when the link was used or too old.
    func choosePassword(
        _ hash: PasswordHash, invitation tokenHash: [UInt8], by actor: AuditActor
    ) async throws -> (userID: Int64, role: Role)? {
        try await database.transaction { transaction in
            let used = try await transaction.first(
                """
                UPDATE user_invitations SET used_at = now() FROM users
                WHERE token_hash = \(tokenHash) AND used_at IS NULL AND expires_at > now()
                    AND users.id = user_id AND users.disabled_at IS NULL
                RETURNING user_id, users.role, users.login_name, users.name
                """)
            guard let used else { return nil }
            let userID: Int64 = try used.get("user_id")
            try await transaction.execute(
                """
                INSERT INTO user_passwords (user_id, salt, hash, cost, block_size, parallelism)
                VALUES (\(userID), \(hash.salt), \(hash.hash), \(hash.parameters.cost), \(hash.parameters.blockSize),
                    \(hash.parameters.parallelism))
                ON CONFLICT (user_id) DO UPDATE SET salt = EXCLUDED.salt, hash = EXCLUDED.hash, cost = EXCLUDED.cost,
                    block_size = EXCLUDED.block_size, parallelism = EXCLUDED.parallelism, set_at = now()
                """)
            try await transaction.execute("DELETE FROM sessions WHERE user_id = \(userID)")
            let counter = Self.counter(ofName: try used.get("login_name"))
            try await transaction.execute("DELETE FROM login_failures WHERE address = \(counter)")
            try await actor.named(try used.get("name"), userID: userID).record(
                "user \(userID)", after: "a password chosen", action: "users.password", in: transaction)
            return (userID, Role(stored: try used.get("role")))
        }
    }

    // MARK: A person's own page

    func role(ofUser userID: Int64) async throws -> Role {
        Role(stored: try await database.one("SELECT role FROM users WHERE id = \(userID)").get("role"))
    }

    /// What the person logs in by, and since when; nil without a password.
    func loginName(ofUser userID: Int64) async throws -> (name: String, setAt: Timestamp)? {
        try await database.first(
            """
            SELECT login_name, set_at FROM users JOIN user_passwords ON user_id = users.id
            WHERE users.id = \(userID) AND login_name IS NOT NULL
            """
        ).map { (try $0.get("login_name"), try $0.get("set_at")) }
    }

    // MARK: Keys of a person

    /// The session uses the key from now on. Where the key takes the place of one that the same tracker refused, whatever used that
    /// one uses it too.
    func use(keyID: Int64, inSession tokenHash: [UInt8], by actor: AuditActor) async throws {
        try await database.transaction { transaction in
            let replaced: SQL =
                """
                SELECT old.id FROM keitaro_keys old JOIN keitaro_keys new ON new.id = \(keyID)
                    AND new.user_id = old.user_id AND new.tracker_id = old.tracker_id
                WHERE old.refused_at IS NOT NULL AND old.id <> new.id
                """
            try await transaction.execute(
                "UPDATE sessions SET key_id = \(keyID) WHERE token_hash = \(tokenHash) OR key_id IN (\(replaced))")
            try await transaction.execute("UPDATE api_tokens SET key_id = \(keyID) WHERE key_id IN (\(replaced))")
            try await actor.record(
                "user \(actor.userID ?? 0)", after: "key \(keyID)", action: "keys.use", in: transaction)
        }
    }
}

import Audit
import Base
import Frame
import Postgres
import Views

/// All SQL about people, keys, sessions and tokens.
package struct AccountStore: Sendable {
    let database: Database
    private let vault: KeyVault
    /// The configured tracker's address: the first of several.
    private let mainTracker: String?

    /// Sessions end this long after they were last seen.
    static let sessionDays: Int64 = 30
    /// Failed logins an address may make within fifteen minutes of the first.
    static let failureLimit = 10

    package init(database: Database, vault: KeyVault, mainTracker: String? = nil) {
        self.database = database
        self.vault = vault
        self.mainTracker = mainTracker
    }

    // MARK: Trackers

    /// Makes sure the configured tracker has a row; its name is its host.
    package func rememberTracker(url: String) async throws {
        let name = Frame.host(url) ?? url
        try await database.execute(
            "INSERT INTO keitaro_trackers (name, url) VALUES (\(name), \(url)) ON CONFLICT (url) DO NOTHING")
    }

    /// The tracker called `name`, at a new address when it has moved.
    package func moveTracker(name: String, to url: String) async throws -> Tracker {
        let row = try await database.first(
            "UPDATE keitaro_trackers SET url = \(url) WHERE name = \(name) RETURNING id")
        let made =
            try await row == nil
            ? database.one("INSERT INTO keitaro_trackers (name, url) VALUES (\(name), \(url)) RETURNING id") : nil
        guard let id: Int64 = try (row ?? made)?.get("id") else { return Tracker(id: 0, name: name, url: url) }
        return Tracker(id: id, name: name, url: url)
    }

    /// The configured one first, then in the order in which they came.
    package func trackers() async throws -> [Tracker] {
        try await database.query(
            "SELECT id, name, url FROM keitaro_trackers ORDER BY url IS NOT DISTINCT FROM \(mainTracker)::text DESC, id"
        ).map { row in
            Tracker(id: try row.get("id"), name: try row.get("name"), url: try row.get("url"))
        }
    }

    // MARK: Login

    /// Counts a try before it is made, in every process's sight, so that tries at the same moment can't pass the limit together.
    /// - Returns: nil when it may be made; else the seconds until the next may.
    func beginTry(address: String) async throws -> Int64? {
        let row = try await database.one(
            """
            WITH old AS (
                DELETE FROM login_failures WHERE window_start < now() - interval '1 day' AND address <> \(address)
            ), tried AS (
                INSERT INTO login_failures AS known (address, window_start, failures) VALUES (\(address), now(), 1)
                ON CONFLICT (address) DO UPDATE SET
                    window_start = CASE WHEN known.window_start > now() - interval '15 minutes'
                        THEN known.window_start ELSE now() END,
                    failures = CASE WHEN known.window_start > now() - interval '15 minutes'
                        THEN known.failures + 1 ELSE 1 END
                    WHERE known.failures < \(Self.failureLimit)::int
                        OR known.window_start <= now() - interval '15 minutes'
                RETURNING 1
            )
            SELECT EXISTS (SELECT 1 FROM tried) AS is_allowed, coalesce((
                SELECT ceil(extract(epoch FROM window_start + interval '15 minutes' - now()))::bigint
                FROM login_failures WHERE address = \(address)), 1) AS seconds
            """)
        let isAllowed: Bool = try row.get("is_allowed")
        return isAllowed ? nil : max(1, try row.get("seconds"))
    }

    /// The try was no guess: it succeeded, or nobody said that the key was wrong. Earlier guesses stay counted, or one good key would
    /// buy any number of bad ones.
    func takeBackTry(address: String) async throws {
        try await database.execute(
            "UPDATE login_failures SET failures = failures - 1 WHERE address = \(address) AND failures > 0")
    }

    /// The user a verified key belongs to. A new key is added to `userID`; without one, its account is made. Nil: the account is
    /// closed.
    package func admit(
        _ key: Secret, to tracker: Tracker, name: String, joining userID: Int64? = nil,
        by actor: AuditActor = .commandLine
    ) async throws -> (userID: Int64, keyID: Int64)? {
        let lookup = vault.lookup(key)
        let cipher = try vault.seal(key)
        return try await database.transaction { transaction in
            // Two first logins with one key must make one user.
            try await transaction.execute("SELECT pg_advisory_xact_lock(hashtextextended(encode(\(lookup), 'hex'), 1))")
            let known = try await transaction.first(
                """
                UPDATE keitaro_keys SET verified_at = now(), refused_at = NULL
                FROM users
                WHERE tracker_id = \(tracker.id) AND key_lookup = \(lookup) AND users.id = keitaro_keys.user_id
                RETURNING keitaro_keys.id, user_id, users.disabled_at IS NOT NULL AS is_closed
                """)
            if let known {
                let isClosed: Bool = try known.get("is_closed")
                return isClosed ? nil : (try known.get("user_id"), try known.get("id"))
            }
            let owner: Int64
            if let userID {
                owner = userID
            } else {
                owner = try await transaction.one("INSERT INTO users (name) VALUES (\(name)) RETURNING id").get("id")
            }
            let row = try await transaction.one(
                """
                INSERT INTO keitaro_keys (user_id, tracker_id, key_lookup, key_cipher)
                VALUES (\(owner), \(tracker.id), \(lookup), \(cipher)) RETURNING id
                """)
            let keyID: Int64 = try row.get("id")
            let owned = try await transaction.one("SELECT name FROM users WHERE id = \(owner)").get("name", String.self)
            try await (actor.userID == nil && actor.person.isEmpty ? actor.named(owned, userID: owner) : actor).record(
                "key \(keyID) at \(tracker.name)",
                after: userID == nil ? "new user \(owner) \(owned)" : "user \(owner) \(owned)", action: "keys.add",
                in: transaction)
            return (owner, keyID)
        }
    }

    // MARK: Requests

    static let userColumns: SQL =
        "users.id AS user_id, users.name AS user_name, users.role, users.language, users.theme"
    static let keyColumns: SQL =
        """
        keys.id AS key_id, keys.key_cipher, keys.refused_at IS NOT NULL AS is_refused,
        trackers.id AS tracker_id, trackers.name AS tracker_name, trackers.url AS tracker_url
        """

    /// Why a token opens nothing.
    enum TokenRefusal: Error {
        case unknown, revoked, expired, closed
    }

    /// An administrator's token without a key of its own uses the one that was verified last.
    /// - Parameter address: where the token is used from; kept as the last one, at most once a minute from one place.
    /// - Throws: `TokenRefusal`.
    func apiToken(hash: [UInt8], address: String, requestID: String) async throws -> SignedIn {
        let row = try await database.first(
            """
            SELECT \(Self.userColumns), \(Self.keyColumns), tokens.id AS token_id, tokens.scopes,
                tokens.revoked_at IS NOT NULL AS is_revoked, users.disabled_at IS NOT NULL AS is_closed,
                coalesce(tokens.expires_at <= now(), false) AS is_expired,
                coalesce(tokens.last_used_at < now() - interval '1 minute', true)
                    OR tokens.last_used_address IS DISTINCT FROM \(address) AS is_stale
            FROM api_tokens tokens
            JOIN users ON users.id = tokens.user_id
            LEFT JOIN LATERAL (
                SELECT candidate.* FROM keitaro_keys candidate
                -- A closed account takes its keys along.
                JOIN users holder ON holder.id = candidate.user_id AND holder.disabled_at IS NULL
                WHERE candidate.id = tokens.key_id OR candidate.user_id = users.id
                    OR (users.role = 'admin' AND candidate.refused_at IS NULL)
                ORDER BY candidate.id IS NOT DISTINCT FROM tokens.key_id DESC, candidate.user_id = users.id DESC,
                    candidate.verified_at DESC, candidate.id
                LIMIT 1
            ) keys ON true
            LEFT JOIN keitaro_trackers trackers ON trackers.id = keys.tracker_id
            WHERE tokens.token_hash = \(hash)
            """)
        guard let row else { throw TokenRefusal.unknown }
        if try row.get("is_revoked", Bool.self) { throw TokenRefusal.revoked }
        if try row.get("is_expired", Bool.self) { throw TokenRefusal.expired }
        if try row.get("is_closed", Bool.self) { throw TokenRefusal.closed }
        let tokenID: Int64 = try row.get("token_id")
        let words: [String] = try row.get("scopes")
        let scopes = Set(words.compactMap { TokenScope(rawValue: $0) })
        let isStale: Bool = try row.get("is_stale")
        if isStale {
            try await noteUse(ofToken: tokenID, by: try user(row), address: address, requestID: requestID)
        }
        let keyID: Int64? = try row.get("key_id")
        var readable: KeitaroKey?
        do {
            readable = keyID == nil ? nil : try key(row)
        } catch is CryptographyError {
            // Sealed under another SECRET_KEY: the token asks for a key as one that never had any.
        }
        return SignedIn(user: try user(row), proof: .apiToken(id: tokenID, scopes: scopes), key: readable)
    }

    /// For work that outlives its request, such as a push.
    package func key(id: Int64) async throws -> KeitaroKey? {
        try await database.first(
            """
            SELECT \(Self.keyColumns) FROM keitaro_keys keys
            JOIN keitaro_trackers trackers ON trackers.id = keys.tracker_id WHERE keys.id = \(id)
            """
        ).map(key)
    }

    /// Keitaro answered 401: the person is asked for a new key at the next page.
    package func markRefused(keyID: Int64) async throws {
        try await database.execute(
            "UPDATE keitaro_keys SET refused_at = now() WHERE id = \(keyID) AND refused_at IS NULL")
    }

    func attach(keyID: Int64, toToken tokenID: Int64, by actor: AuditActor) async throws {
        try await database.transaction { transaction in
            try await transaction.execute("UPDATE api_tokens SET key_id = \(keyID) WHERE id = \(tokenID)")
            try await actor.record("token \(tokenID)", after: "key \(keyID)", action: "keys.use", in: transaction)
        }
    }

    func saveSettings(
        userID: Int64, name: String?, language: Language?, theme: Theme?, clearsTheme: Bool, by actor: AuditActor
    ) async throws {
        let summary: SQL = "name || ', ' || coalesce(language, 'auto') || ', ' || coalesce(theme, 'auto') AS summary"
        try await database.transaction { transaction in
            let before = try await transaction.one("SELECT \(summary) FROM users WHERE id = \(userID) FOR UPDATE")
            let after = try await transaction.one(
                """
                UPDATE users SET name = coalesce(\(name), name), language = coalesce(\(language?.rawValue), language),
                    theme = CASE WHEN \(clearsTheme) THEN NULL ELSE coalesce(\(theme?.rawValue), theme) END
                WHERE id = \(userID) RETURNING \(summary)
                """)
            try await actor.record(
                "user \(userID)", before: try before.get("summary"), after: try after.get("summary"), in: transaction)
        }
    }

    // MARK: Rows

    func user(_ row: Row) throws -> User {
        let role: String = try row.get("role")
        let language: String? = try row.get("language")
        let theme: String? = try row.get("theme")
        return User(
            id: try row.get("user_id"), name: try row.get("user_name"), role: Role(stored: role),
            language: language.flatMap { Language(rawValue: $0) }, theme: theme.flatMap { Theme(rawValue: $0) })
    }

    func key(_ row: Row) throws -> KeitaroKey {
        let tracker = Tracker(
            id: try row.get("tracker_id"), name: try row.get("tracker_name"), url: try row.get("tracker_url"))
        return KeitaroKey(
            id: try row.get("key_id"), tracker: tracker, secret: try vault.open(try row.get("key_cipher")),
            isRefused: try row.get("is_refused"))
    }
}

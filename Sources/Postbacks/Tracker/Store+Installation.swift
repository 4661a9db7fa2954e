import Audit
import Base
import Outbox
import Postgres

/// SQL of what is between a profile and its tracker: where its URL stands, orders to put it there.
package struct InstallationStore: Sendable {
    let database: Database
    let vault: PostbackVault

    package init(database: Database, vault: PostbackVault) {
        self.database = database
        self.vault = vault
    }

    static let kind = "keitaro.install"

    /// What may be compared with addresses that stand in Keitaro.
    package struct Secrets: Sendable {
        /// The present one.
        package let secret: Secret
        private let lookups: [[UInt8]]
        private let vault: PostbackVault

        init(secret: Secret, lookups: [[UInt8]], vault: PostbackVault) {
            self.secret = secret
            self.lookups = lookups
            self.vault = vault
        }

        /// Also for the secret before the last rotation, however long ago that was.
        package func isOwn(_ url: String) -> Bool {
            guard let found = PostbackURL.secret(in: url) else { return false }
            return lookups.contains(vault.lookup(Secret(found)))
        }
    }

    /// - Throws: `CryptographyError` when SECRET_KEY is another one than it was sealed with.
    package func secrets(ofProfile id: Int64) async throws -> Secrets? {
        let row = try await database.first(
            "SELECT secret_cipher, secret_lookup, old_secret_lookup FROM keitaro_profiles WHERE id = \(id)")
        guard let row else { return nil }
        let sealed: [UInt8] = try row.get("secret_cipher")
        let present: [UInt8] = try row.get("secret_lookup")
        let former: [UInt8]? = try row.get("old_secret_lookup")
        return Secrets(secret: try vault.open(sealed), lookups: [present] + [former].compactMap { $0 }, vault: vault)
    }

    // MARK: Places

    /// Campaigns that the key sees and that may get a postback, for the field's suggestions.
    func campaigns(keyID: Int64) async throws -> [(id: Int64, name: String)] {
        try await database.query(
            """
            SELECT campaign.keitaro_id, campaign.name FROM keitaro_campaigns campaign
            JOIN keitaro_campaign_access access ON access.campaign_id = campaign.id AND access.key_id = \(keyID)
            WHERE campaign.state <> 'deleted' ORDER BY campaign.name LIMIT 1000
            """
        ).map { (try $0.get("keitaro_id"), try $0.get("name")) }
    }

    package func places(ofProfile id: Int64) async throws -> [InstalledPostbacks.Place] {
        try await database.query(
            """
            SELECT kind, keitaro_id, name, statuses, since, gone_at FROM keitaro_installations
            WHERE profile_id = \(id) ORDER BY gone_at IS NOT NULL, kind, name, keitaro_id
            """
        ).map { row in
            let kind: String = try row.get("kind")
            let statuses: [String] = try row.get("statuses")
            return InstalledPostbacks.Place(
                kind: InstalledPostbacks.Kind(rawValue: kind) ?? .campaign, id: try row.get("keitaro_id"),
                name: try row.get("name"), statuses: Set(statuses), since: try row.get("since"),
                goneAt: try row.get("gone_at"))
        }
    }

    /// Notes where the URL stands now. A place that is new has posted since its first postback that came here, one that was away not
    /// before that. With further statuses it begins anew: of those nobody was told before.
    package func note(_ places: [InstalledPostbacks.Place], ofProfile id: Int64, isComplete: Bool) async throws {
        try await database.transaction { transaction in
            for place in places { try await note(place, ofProfile: id, in: transaction) }
            guard isComplete else { return }
            let known = places.map { "\($0.kind.rawValue) \($0.id)" }
            try await transaction.execute(
                """
                UPDATE keitaro_installations SET gone_at = now()
                WHERE profile_id = \(id) AND gone_at IS NULL
                    AND NOT (kind || ' ' || keitaro_id::text = ANY (\(known)::text[]))
                """)
        }
    }

    private func note(
        _ place: InstalledPostbacks.Place, ofProfile id: Int64, in transaction: Transaction
    ) async throws {
        let statuses = place.statuses.sorted()
        let first: SQL =
            place.kind == .campaign
            ? """
            coalesce((SELECT min(created_at) FROM postback_events WHERE profile_id = \(id)
                AND created_at > now() - interval '7 days' AND campaign_id = \(String(place.id)) AND origin = 'keitaro'),
                \(place.since)::timestamptz)
            """ : "\(place.since)::timestamptz"
        try await transaction.execute(
            """
            INSERT INTO keitaro_installations AS known (profile_id, kind, keitaro_id, name, statuses, since)
            VALUES (\(id), \(place.kind.rawValue), \(place.id), \(place.name), \(statuses), least(\(first), \(place.since)::timestamptz))
            ON CONFLICT (profile_id, kind, keitaro_id) DO UPDATE SET name = excluded.name, statuses = excluded.statuses,
                seen_at = now(), gone_at = NULL,
                since = CASE
                    WHEN known.gone_at IS NOT NULL THEN greatest(excluded.since, known.gone_at)
                    WHEN known.statuses = '{}' OR excluded.statuses <> '{}' AND excluded.statuses <@ known.statuses THEN known.since
                    ELSE \(place.since)::timestamptz END
            """)
    }

    // MARK: Orders

    package enum OrderState: String, Sendable {
        case waiting, installed, changed, failed
    }

    package struct Order: Sendable {
        package let id: Int64
        package let profileID: Int64
        package let kind: InstalledPostbacks.Kind
        package let keitaroID: Int64
        package let method: String
        package let statuses: [String]
        package let base: String
        package let revision: String
        package let keyID: Int64?
        package let userID: Int64?
        package let requestID: String
        package let wasSent: Bool
        package let state: OrderState
        /// `{"kind", "text"}` of a failure.
        package let problem: JSON?
    }

    package struct Wish: Sendable {
        package let profileID: Int64
        package let kind: InstalledPostbacks.Kind
        package let keitaroID: Int64
        package let method: String
        package let statuses: [String]
        package let base: String
        package let revision: String
        package let keyID: Int64
    }

    /// - Parameter name: of the campaign or source, for the audit log.
    package func order(_ wish: Wish, name: String, by actor: AuditActor) async throws -> Int64 {
        try await database.transaction { transaction in
            let id: Int64 = try await transaction.one(
                """
                INSERT INTO keitaro_installation_orders (profile_id, kind, keitaro_id, method, statuses, base, revision,
                    key_id, user_id, request_id)
                VALUES (\(wish.profileID), \(wish.kind.rawValue), \(wish.keitaroID), \(wish.method), \(wish.statuses),
                    \(wish.base), \(wish.revision), \(wish.keyID), \(actor.userID), \(actor.requestID))
                RETURNING id
                """
            ).get("id")
            try await OutboxStore.put(
                Self.kind, ["order_id": .integer(id)], uniqueKey: "install \(id)", in: transaction)
            try await actor.record(
                "postback profile \(wish.profileID)",
                after:
                    "URL for \(wish.kind.rawValue) \(wish.keitaroID) \(name), \(wish.statuses.joined(separator: ","))",
                in: transaction)
            return id
        }
    }

    package func order(_ id: Int64) async throws -> Order? {
        try await database.first("SELECT * FROM keitaro_installation_orders WHERE id = \(id)").map { row in
            let kind: String = try row.get("kind")
            let state: String = try row.get("state")
            return Order(
                id: try row.get("id"), profileID: try row.get("profile_id"),
                kind: InstalledPostbacks.Kind(rawValue: kind) ?? .campaign, keitaroID: try row.get("keitaro_id"),
                method: try row.get("method"), statuses: try row.get("statuses"), base: try row.get("base"),
                revision: try row.get("revision"), keyID: try row.get("key_id"), userID: try row.get("user_id"),
                requestID: try row.get("request_id"), wasSent: try row.get("was_sent"),
                state: OrderState(rawValue: state) ?? .failed, problem: try row.get("problem"))
        }
    }

    func noteSending(_ order: Order) async throws {
        try await database.execute("UPDATE keitaro_installation_orders SET was_sent = true WHERE id = \(order.id)")
    }

    func settle(
        _ order: Order, _ state: OrderState, problem: JSON? = nil, place: InstalledPostbacks.Place? = nil
    ) async throws {
        try await database.transaction { transaction in
            let settled = try await transaction.execute(
                """
                UPDATE keitaro_installation_orders SET state = \(state.rawValue), problem = \(problem), settled_at = now()
                WHERE id = \(order.id) AND state = 'waiting'
                """)
            guard settled == 1 else { return }
            if let place { try await note(place, ofProfile: order.profileID, in: transaction) }
            let person = try await transaction.first("SELECT name FROM users WHERE id = \(order.userID)::bigint")
            try await AuditActor.later(
                userID: order.userID, person: try person?.get("name") ?? "", action: "postbacks.installation",
                requestID: order.requestID
            ).record(
                "postback profile \(order.profileID)",
                after: "\(order.kind.rawValue) \(order.keitaroID): \(state.rawValue) \(problem?.text ?? "")",
                in: transaction)
        }
    }
}

import Audit
import Base
import Postgres

/// Secrets of postback URLs, sealed with one SECRET_KEY, are sealed with another.
extension PostbackVault {
    /// In one transaction: all profiles or none. Repeating it is safe.
    /// - Returns: of how many profiles the secret was sealed anew by this call, and of how many it can't be read with either key: their
    ///   URLs have to be made anew.
    package static func reseal(
        in database: Database, from old: PostbackVault, to new: PostbackVault
    ) async throws -> (count: Int, unreadable: Int) {
        try await database.transaction { transaction in
            try await transaction.execute("LOCK TABLE keitaro_profiles IN SHARE ROW EXCLUSIVE MODE")
            var count = 0
            var unreadable = 0
            let rows = try await transaction.query(
                "SELECT id, secret_cipher, old_secret_cipher FROM keitaro_profiles ORDER BY id")
            for row in rows {
                let id: Int64 = try row.get("id")
                let sealed: [UInt8] = try row.get("secret_cipher")
                if (try? new.open(sealed)) != nil { continue }
                guard let secret = try? old.open(sealed) else {
                    unreadable += 1
                    continue
                }
                let former = (try row.get("old_secret_cipher", [UInt8]?.self)).flatMap { try? old.open($0) }
                let lookups = (new.lookup(secret), former.map { new.lookup($0) })
                let ciphers = (try new.seal(secret), try former.map { try new.seal($0) })
                try await transaction.execute(
                    """
                    UPDATE keitaro_profiles SET secret_lookup = \(lookups.0), secret_cipher = \(ciphers.0),
                        old_secret_lookup = \(lookups.1)::bytea, old_secret_cipher = \(ciphers.1)::bytea
                    WHERE id = \(id)
                    """)
                count += 1
            }
            if count + unreadable > 0 {
                try await AuditActor.commandLine.record(
                    "keitaro_profiles", after: "\(count) sealed anew, \(unreadable) unreadable", action: "key.rotate",
                    in: transaction)
                try await transaction.execute("SELECT pg_notify(\(PostbackChannel.profiles.description), '')")
            }
            return (count, unreadable)
        }
    }

    /// Of how many profiles the secret does not open: their URLs are refused.
    package func unreadableProfiles(in database: Database) async throws -> Int {
        try await database.query("SELECT secret_cipher FROM keitaro_profiles").reduce(into: 0) { count, row in
            let sealed: [UInt8] = try row.get("secret_cipher")
            if (try? open(sealed)) == nil { count += 1 }
        }
    }
}

import Audit
import Base
import Postgres

/// What was sealed with one secret is sealed with another.
extension AccountStore {
    package struct Resealed: Sendable, Equatable {
        /// Sealed anew by this call.
        package var count = 0
        /// Sealed with the new secret before.
        package var alreadyDone = 0
        /// Open with neither: their owners log in with them again.
        package var unreadable = 0
    }

    /// In one transaction: all rows or none. Repeating it is safe. Logins wait meanwhile.
    package func resealKeys(from old: KeyVault, to new: KeyVault) async throws -> Resealed {
        try await database.transaction { transaction in
            // A login would otherwise bring a row sealed with the old secret after we have looked.
            try await transaction.execute("LOCK TABLE keitaro_keys IN SHARE ROW EXCLUSIVE MODE")
            var result = Resealed()
            for row in try await transaction.query("SELECT id, key_cipher FROM keitaro_keys ORDER BY id") {
                let id: Int64 = try row.get("id")
                let sealed: [UInt8] = try row.get("key_cipher")
                if (try? new.open(sealed)) != nil {
                    result.alreadyDone += 1
                } else if let key = try? old.open(sealed) {
                    let lookup = new.lookup(key)
                    let cipher = try new.seal(key)
                    try await transaction.execute(
                        "UPDATE keitaro_keys SET key_lookup = \(lookup), key_cipher = \(cipher) WHERE id = \(id)")
                    result.count += 1
                } else {
                    result.unreadable += 1
                }
            }
            try await AuditActor.commandLine.record(
                "keitaro_keys", after: "\(result.count) sealed anew, \(result.unreadable) unreadable",
                action: "key.rotate", in: transaction)
            return result
        }
    }

    /// How many stored keys the secret doesn't open.
    package func unreadableKeys(under vault: KeyVault) async throws -> Int {
        try await database.query("SELECT key_cipher FROM keitaro_keys").reduce(into: 0) { count, row in
            let sealed: [UInt8] = try row.get("key_cipher")
            if (try? vault.open(sealed)) == nil { count += 1 }
        }
    }
}

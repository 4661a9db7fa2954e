import Accounts
import Base
import Postbacks
import Postgres

/// `key rotate`: a new secret, and every stored Keitaro key and postback secret sealed with it.
///
/// The order makes it safe to be killed anywhere: the next secret is on the disk, then all rows are sealed anew, table by table, then
/// the next secret becomes the current one. Whoever starts in between finishes it.
struct KeyRotation {
    struct Outcome: Sendable {
        let keys: AccountStore.Resealed
        /// Profiles whose postback secret no key opens: they need a new URL.
        let lostProfiles: Int
    }

    let database: Database
    let files: SecretKeyFile

    /// - Returns: nil when no rotation was under way and none was asked for.
    func run(beginning: Bool) async throws -> Outcome? {
        if try !beginning && files.next() == nil { return nil }
        return try await database.withAdvisoryLock("secret key", wait: .seconds(60)) { _ in
            // Another process may have finished it while we waited.
            guard try beginning || files.next() != nil else { return nil }
            guard let old = try files.current() else { return nil }
            let outcome = try await reseal(from: SecretKey(old), to: SecretKey(try files.prepareNext()))
            try files.adoptNext()
            return outcome
        }
    }

    /// With SECRET_KEY in the settings: the new one stands there already, the former one in a file.
    func run(from former: Secret, to configured: Secret) async throws -> Outcome {
        try await database.withAdvisoryLock("secret key", wait: .seconds(60)) { _ in
            try await reseal(from: SecretKey(former), to: SecretKey(configured))
        }
    }

    private func reseal(from old: SecretKey, to new: SecretKey) async throws -> Outcome {
        let vault = KeyVault(new)
        let keys = try await AccountStore(database: database, vault: vault).resealKeys(from: KeyVault(old), to: vault)
        let profiles = try await PostbackVault.reseal(in: database, from: PostbackVault(old), to: PostbackVault(new))
        return Outcome(keys: keys, lostProfiles: profiles.unreadable)
    }
}

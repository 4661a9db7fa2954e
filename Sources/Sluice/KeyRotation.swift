import Accounts
import Base
import Postgres

/// `key rotate`: a new secret, and every stored Keitaro key sealed with it.
///
/// The order makes it safe to be killed anywhere: the next secret is on the disk, then all rows are sealed anew in one transaction,
/// then the next secret becomes the current one. Whoever starts in between finishes it.
struct KeyRotation {
    let database: Database
    let files: SecretKeyFile

    /// - Returns: nil when no rotation was under way and none was asked for.
    func run(beginning: Bool) async throws -> AccountStore.Resealed? {
        if try !beginning && files.next() == nil { return nil }
        return try await database.withAdvisoryLock("secret key", wait: .seconds(60)) { _ in
            // Another process may have finished it while we waited.
            guard try beginning || files.next() != nil else { return nil }
            guard let old = try files.current() else { return nil }
            let oldVault = KeyVault(SecretKey(old))
            let newVault = KeyVault(SecretKey(try files.prepareNext()))
            let store = AccountStore(database: database, vault: newVault)
            let resealed = try await store.resealKeys(from: oldVault, to: newVault)
            try files.adoptNext()
            return resealed
        }
    }

    /// With SECRET_KEY in the settings: the new one stands there already, the former one in a file.
    func run(from former: Secret, to configured: Secret) async throws -> AccountStore.Resealed {
        let newVault = KeyVault(SecretKey(configured))
        return try await database.withAdvisoryLock("secret key", wait: .seconds(60)) { _ in
            try await AccountStore(database: database, vault: newVault).resealKeys(
                from: KeyVault(SecretKey(former)), to: newVault)
        }
    }
}

import Audit
import Accounts
import Base
import Postbacks
import Postgres
import Reactor

/// Performs ``UpkeepCommand``.
struct Upkeep {
    let configuration: Configuration
    let loops: [EventLoop]
    let log: Logger

    private struct Refusal: Error, CustomStringConvertible {
        let description: String
    }

    private var secretFile: SecretKeyFile { SecretKeyFile(dataDirectory: configuration.dataDirectory) }

    func run(_ command: UpkeepCommand) async throws -> Int32 {
        // Under a name of its own, so that it is not taken for a desk.
        let place = try await DatabasePlace.find(configuration, log: log)
        let mark = place.url.reveal().contains("?") ? "&" : "?"
        let database = try Database(
            url: Secret("\(place.url.reveal())\(mark)application_name=sluice-upkeep"), loops: loops,
            log: log.component("postgres"))
        do {
            try await run(command, database, DatabaseDump(of: database, url: place.url))
        } catch {
            await database.close()
            await place.cluster?.release()
            throw error
        }
        await database.close()
        await place.cluster?.release()
        return 0
    }

    private func run(_ command: UpkeepCommand, _ database: Database, _ dump: DatabaseDump) async throws {
        switch command {
        case .backup(let file, let withSecretKey):
            // Whatever stands in the way stops it before anything is written.
            let secret = withSecretKey ? try secretToKeep(at: "\(file).secret_key") : nil
            // Before it is made, so that the backup tells of itself.
            try await AuditActor.recordCommand(
                "backup", file, after: withSecretKey ? "with the secret" : "without the secret", in: database)
            try await dump.write(to: file)
            if let secret { try SecretKeyFile.writeNew(secret, to: "\(file).secret_key") }
            print("Written: \(file)\(withSecretKey ? " and \(file).secret_key, to be kept apart from it" : "")")
        case .restore(let file, let withSecretKey, let isReplacing):
            let secret = withSecretKey ? try secretToRestore("\(file).secret_key", replacing: isReplacing) : nil
            try await dump.requireUnused()
            try FileSystem.makeDirectories(configuration.dataDirectory, mode: 0o700)
            try await dump.restore(from: file, by: configuration.dataDirectory, replacing: isReplacing)
            // After the data: a failed restoration must not part the old data from its secret.
            if let secret { try restore(secret) }
            try await finishRestoring(database)
            try await AuditActor.recordCommand("restore", file, in: database)
        case .rotateKey(let former):
            try await dump.requireUnused()
            try await migrate(database)
            try await rotate(former, database)
        }
    }

    private func migrate(_ database: Database) async throws {
        try await Migrator(directory: configuration.migrationsDirectory, log: log.component("migrations")).run(
            on: database)
    }

    // MARK: Backups

    private func secret() throws -> Secret {
        if let configured = configuration.secretKey { return configured }
        if try secretFile.next() != nil {
            throw Refusal(description: "A rotation is unfinished: run key rotate first.")
        }
        guard let stored = try secretFile.current() else {
            throw Refusal(
                description: "There is no secret: \(secretFile.path) does not exist and SECRET_KEY is not set.")
        }
        return stored
    }

    /// The secret, for a file of its own that isn't there yet: another backup's may be the last copy of its secret.
    private func secretToKeep(at path: String) throws -> Secret {
        guard FileSystem.kind(of: path) == nil else {
            throw Refusal(description: "\(path) is there already and stays as it is. Nothing was written.")
        }
        return try secret()
    }

    /// The secret beside the backup, if it may take the place of the one here.
    private func secretToRestore(_ path: String, replacing: Bool) throws -> Secret {
        guard let secret = try SecretKeyFile.read(path) else { throw Refusal(description: "There is no \(path).") }
        if let configured = configuration.secretKey, configured != secret {
            throw Refusal(
                description: "SECRET_KEY in the settings is another than the one in \(path). Set that one first.")
        }
        if configuration.secretKey == nil, !replacing, let stored = try secretFile.current(), stored != secret {
            throw Refusal(description: "\(secretFile.path) holds another secret. With --replace it is replaced.")
        }
        return secret
    }

    private func restore(_ secret: Secret) throws {
        guard configuration.secretKey == nil else { return }
        try FileSystem.makeDirectories(configuration.dataDirectory, mode: 0o700)
        try secretFile.write(secret)
        try FileSystem.remove(secretFile.nextPath)
    }

    private func finishRestoring(_ database: Database) async throws {
        try await migrate(database)
        let secretKey = try SecretKey.load(
            configured: configuration.secretKey, dataDirectory: configuration.dataDirectory)
        let vault = KeyVault(secretKey)
        let keys = try await AccountStore(database: database, vault: vault).unreadableKeys(under: vault)
        let profiles = try await PostbackVault(secretKey).unreadableProfiles(in: database)
        print("Restored.")
        guard keys + profiles > 0 else { return }
        print("What follows was sealed with another SECRET_KEY; with that one back nothing has to be done.")
        if keys > 0 { print("\(keys) Keitaro keys: their owners log in with them again.") }
        if profiles > 0 {
            print(
                "\(profiles) postback profiles: their URLs are refused, and Keitaro does not repeat what was. "
                    + "Give each a new URL and put it into Keitaro.")
        }
    }

    // MARK: The secret

    private func rotate(_ former: String?, _ database: Database) async throws {
        let rotation = KeyRotation(database: database, files: secretFile)
        let outcome: KeyRotation.Outcome?
        if let configured = configuration.secretKey {
            guard let former, let old = try SecretKeyFile.read(former) else {
                throw Refusal(
                    description:
                        "SECRET_KEY is in the settings. Set the new one there, put the former one into a file, "
                        + "and run key rotate --former FILE.")
            }
            outcome = try await rotation.run(from: old, to: configured)
        } else {
            guard former == nil else {
                throw Refusal(description: "--former is for a SECRET_KEY in the settings; here the secret is a file.")
            }
            guard try secretFile.current() != nil else {
                throw Refusal(description: "There is no secret yet: the first start makes one.")
            }
            outcome = try await rotation.run(beginning: true)
        }
        guard let outcome else { return }
        let resealed = outcome.keys
        print("Sealed anew: \(resealed.count + resealed.alreadyDone) keys.")
        if resealed.unreadable > 0 { print("\(resealed.unreadable) could not be opened: their owners log in again.") }
        if outcome.lostProfiles > 0 {
            print(
                "\(outcome.lostProfiles) postback profiles have a secret that could not be opened: give them a new one."
            )
        }
    }
}

import Base
import Postgres

/// Reads stored requests again with the settings of now, for instance after a mapping was added. Each becomes an event of its own,
/// marked as a replay, at the time of the first for its conversion. Nothing counts twice: what has counted then or in an earlier replay
/// changes the status of its conversion and no amount, and a duplicate of what is stored stays one.
package struct Replay: Sendable {
    package struct Result: Hashable, Sendable {
        /// Events made.
        package var replayed = 0
        /// Read as before, or duplicates still.
        package var unchanged = 0
        /// No such event, or its profile is gone.
        package var missing = 0
        /// Tests, which count for nothing however they are read.
        package var refused = 0
        /// By the outcome of the new events; those in the journal have none yet.
        package var outcomes: [PostbackOutcome: Int] = [:]
    }

    /// In one call.
    package static let limit = 1_000
    /// Events that go on their way together.
    private static let part = 100

    let intake: PostbackIntake
    let store: PostbackStore

    package init(intake: PostbackIntake, database: Database) {
        self.intake = intake
        store = PostbackStore(database: database)
    }

    /// - Parameters:
    ///   - names: places or ids of events, at most ``limit``; further ones are not looked at. A replay stands for what it read again.
    ///   - isTold: whether chats are told, as if it had come now.
    ///   - isAllowed: whether the person may replay a profile's events; others count as missing.
    package func run(
        _ names: [String], isTold: Bool, isAllowed: @Sendable (PostbackProfile) -> Bool = { _ in true }
    ) async throws -> Result {
        var result = Result()
        // As the database has them: a mapping that was saved a moment ago counts.
        let profiles = try await store.profiles().profiles
        let wanted = names.prefix(Self.limit).map { (name: $0, reference: EventReference($0)) }
        let found = try await store.firstReadings(wanted.compactMap(\.reference))
        // An event may be named by its place and by its id.
        result.missing = Set(wanted.map { ($0.reference?.id ?? $0.name).lowercased() }).count - found.named
        var left = found.places[...]
        while !left.isEmpty {
            let events = try await store.events(Array(left.prefix(Self.part)))
            left = left.dropFirst(Self.part)
            var rows: [PostbackRow] = []
            for event in events {
                guard let profile = profiles[event.profileID], isAllowed(profile) else {
                    result.missing += 1
                    continue
                }
                if let row = try await row(event, of: profile, isTold, &result) { rows.append(row) }
            }
            try await add(rows, &result)
        }
        return result
    }

    private func row(
        _ event: PostbackStore.StoredEvent, of profile: PostbackProfile, _ isTold: Bool, _ result: inout Result
    ) async throws -> PostbackRow? {
        guard event.origin != PostbackOrigin.test.rawValue else {
            result.refused += 1
            return nil
        }
        let postback = PostbackReading.read(event.fields, for: profile)
        let readsAlike =
            event.lastStatus == postback.status.name && event.lastOutcome != .duplicate
            && (event.lastOutcome != .unmapped || !postback.isMapped)
            && (event.lastOutcome != .ignored || profile.mayIgnore(postback))
        let isDuplicate = event.outcome == .duplicate && event.countedIn == nil
        // What knows duplicates forgets sooner than the log does.
        var staysAsItIs = readsAlike
        if !readsAlike, isDuplicate { staysAsItIs = try await store.hasEarlier(than: event, postback) }
        guard !staysAsItIs else {
            result.unchanged += 1
            return nil
        }
        return PostbackRow(
            postback, of: profile, origin: .replay, happenedAt: event.countedAt ?? event.createdAt, replayOf: event.id,
            countedIn: event.countedIn, raw: event.raw, isTold: isTold)
    }

    private func add(_ rows: [PostbackRow], _ result: inout Result) async throws {
        let intake = intake
        let receipts = try await withThrowingTaskGroup(of: PostbackReceipt?.self) { group in
            for row in rows { group.addTask { try await intake.add(row) } }
            return try await group.reduce(into: [PostbackReceipt?]()) { $0.append($1) }
        }
        for receipt in receipts {
            if let receipt { result.outcomes[receipt.outcome, default: 0] += 1 }
            result.replayed += 1
        }
    }
}

extension PostbackProfile {
    /// Whether a further postback like this one is, or may be, kept out of its conversion.
    fileprivate func mayIgnore(_ postback: Postback) -> Bool {
        let policy = policy(for: postback.status)
        return policy == .ignore || policy == .ignoreSameEvent && !postback.eventID.isEmpty
    }
}

import Accounts
import Base
import Keitaro
import Outbox
import Postgres
import Telegram

/// Compares a profile's conversions with its tracker's log: names each difference, fills in what is missing, and warns. Once an hour,
/// by whichever process comes first; running it again changes nothing that is right.
package struct ReconciliationRun: Sendable {
    /// Ten minutes past the hour, when Keitaro's own queues have run.
    package static let schedule = OutboxSchedule("keitaro.reconcile", every: .seconds(3600), offset: .seconds(600))

    /// Today and the days before it, of UTC: a sale may follow its lead by days.
    static let days = 3
    /// Seconds. What is younger may be in Keitaro's queue.
    static let patience: Int64 = 900
    /// Fewer conversions a day say nothing about a gap.
    static let minimumSample = 20
    private static let attempts = 3

    let store: ReconciliationStore
    let installations: InstallationStore
    let accounts: AccountStore
    let trackers: KeitaroTrackers
    let intake: PostbackIntake
    /// For links in warnings; nil: without.
    let publicURL: String?
    let log: Logger
    let now: @Sendable () -> Timestamp
    /// Rings whoever sends messages.
    let told: @Sendable () -> Void

    package init(
        database: Database, vault: PostbackVault, accounts: AccountStore, trackers: KeitaroTrackers,
        intake: PostbackIntake, publicURL: String?, log: Logger,
        now: @escaping @Sendable () -> Timestamp = Timestamp.now, told: @escaping @Sendable () -> Void = {}
    ) {
        store = ReconciliationStore(database: database)
        installations = InstallationStore(database: database, vault: vault)
        self.accounts = accounts
        self.trackers = trackers
        self.intake = intake
        self.publicURL = publicURL
        self.log = log
        self.now = now
        self.told = told
    }

    package var handlers: [OutboxHandler] {
        [
            OutboxHandler(kind: Self.schedule.name) { item in
                do {
                    try await store.orderAll()
                    return .done
                } catch {
                    return .retry(after: Backoff.delay(afterAttempt: item.attempt, jitter: 0.5), reason: "\(error)")
                }
            },
            OutboxHandler(kind: ReconciliationStore.kind) { item in
                guard let id = item.payload["profile_id"]?.intValue else { return .failed(reason: "no profile") }
                do {
                    try await run(profile: id)
                    return .done
                } catch let failure as KeitaroFailure where !failure.isWorthRetrying || item.attempt >= Self.attempts {
                    // It is on the page, and the next hour asks again.
                    return .failed(reason: failure.description)
                } catch {
                    let delay = Backoff.delay(afterAttempt: item.attempt, jitter: .random(in: 0...1))
                    return .retry(after: delay, reason: "\(error)")
                }
            },
        ]
    }

    /// - Throws: `KeitaroFailure` when the tracker can't be read, which is noted on the day.
    package func run(profile id: Int64) async throws {
        guard let profile = try await store.profile(id), let keyID = profile.keyID else { return }
        try await store.noteFilledIn(profileID: id)
        let today = now().date
        guard let key = try await InstallationWorker.key(keyID, accounts),
            let secrets = try await InstallationWorker.secrets(ofProfile: id, installations)
        else { return try await store.save(error: "key_refused", profileID: id, day: today) }
        let log: TrackerLog
        do {
            log = try await read(profile, key, secrets, through: today)
        } catch let failure as KeitaroFailure {
            if failure.error == .keyRefused { try await accounts.markRefused(keyID: keyID) }
            try await store.save(error: failure.error.description, profileID: id, day: today)
            throw failure
        }
        for offset in stride(from: Self.days - 1, through: 0, by: -1) {
            try await compare(profile, CivilDate(daysSince1970: today.daysSince1970 - offset), log, key)
        }
        try await fillIn(profile)
    }

    // MARK: Theirs

    private struct TrackerLog {
        let installed: InstalledPostbacks
        /// Those that Keitaro has told us of, or tried to.
        let expected: [KeitaroConversion]
        /// Of all conversions, told or not.
        let clicks: Set<String>
    }

    private func read(
        _ profile: PostbackProfile, _ key: KeitaroKey, _ secrets: InstallationStore.Secrets, through today: CivilDate
    ) async throws -> TrackerLog {
        let client = trackers.client(at: key.tracker.url)
        // A day more than is judged, for what took place at midnight.
        let first = CivilDate(daysSince1970: today.daysSince1970 - Self.days)
        let campaigns = try await client.campaigns(key.secret)
        let sources = try await sources(client, key.secret)
        let conversions = try await client.conversions(
            KeitaroConversionQuery(from: first, through: today), key.secret)
        let found = InstalledPostbacks.found(
            campaigns: campaigns, sources: sources ?? [], now: now(), isOwn: secrets.isOwn)
        // A version that does not say where it posts to says nothing about what is gone either.
        let isComplete = sources != nil && campaigns.allSatisfy { $0.postbacks != nil }
        try await installations.note(found, ofProfile: profile.id, isComplete: isComplete)
        let installed = InstalledPostbacks(
            try await installations.places(ofProfile: profile.id),
            sourceOfCampaign: Dictionary(
                campaigns.compactMap { campaign in campaign.trafficSourceID.map { (campaign.id, $0) } },
                uniquingKeysWith: { first, _ in first }))
        return TrackerLog(
            installed: installed,
            expected: conversions.filter { conversion in
                guard let campaign = conversion.campaignID else { return false }
                return installed.tells(campaignID: campaign, status: conversion.status, at: conversion.at)
            }, clicks: Set(conversions.map(\.clickID)))
    }

    /// Nil where the key may not read them.
    private func sources(_ client: KeitaroClient, _ key: Secret) async throws -> [KeitaroTrafficSource]? {
        do throws(KeitaroFailure) {
            return try await client.trafficSources(key)
        } catch {
            if case .noPermission = error.error { return nil }
            throw error
        }
    }

    // MARK: Both

    private func compare(
        _ profile: PostbackProfile, _ day: CivilDate, _ log: TrackerLog, _ key: KeitaroKey
    ) async throws {
        let start = Timestamp(day)
        let stretch = start..<start.adding(.seconds(86_400))
        // Partners at midnight have their times from two clocks.
        let wide = start.adding(.seconds(-3600))..<stretch.upperBound.adding(.seconds(3600))
        let theirs = log.expected.filter { wide.contains($0.at) }
        let known = try await store.known(profileID: profile.id, clicks: theirs.map(\.clickID), in: stretch)
        let expectedClicks = Set(theirs.map(\.clickID))
        // Of campaigns that post somewhere else too, or did, Keitaro's log has what we did not expect: no difference.
        let ours = known.filter { known in
            expectedClicks.contains(known.conversion.clickID) || !log.clicks.contains(known.conversion.clickID)
        }.map(\.conversion)
        let reconciliation = Reconciliation(
            theirs: theirs.map { conversion in
                LoggedConversion(
                    clickID: conversion.clickID, transactionID: conversion.transactionID, status: conversion.status,
                    revenue: Amount(canonical: conversion.revenue), at: conversion.at)
            }, ours: ours, in: stretch, pendingSince: now().adding(.seconds(-Self.patience)), profile: profile)
        let differences = try await withoutKnownClicks(reconciliation.differences, day, key)
        let rows = Dictionary(
            theirs.map { ("\($0.clickID) \($0.transactionID)", $0) }, uniquingKeysWith: { first, _ in first })
        let recovered = try await store.save(
            profileID: profile.id, day: day, theirs: reconciliation.theirs, ours: reconciliation.ours,
            matching: reconciliation.matching,
            findings: Self.unique(differences).map { difference in
                let row = rows["\(difference.clickID) \(difference.transactionID)"]
                return ReconciliationStore.Finding(
                    kind: difference.kind, clickID: difference.clickID, transactionID: difference.transactionID,
                    theirs: row.map(RecoveredPostback.json) ?? [:],
                    ours: difference.ours.map(RecoveredPostback.json))
            })
        let unknown = differences.count { $0.kind == .unknownClick }
        let judged = reconciliation.theirs - reconciliation.pending + unknown
        if judged >= Self.minimumSample {
            try await warn(profile, day, differing: differences.count + recovered, of: judged)
        }
    }

    /// Under some policies a click and transaction has several conversions here: all of them are one difference.
    private static func unique(_ differences: [ConversionDifference]) -> [ConversionDifference] {
        var known: Set<[String]> = []
        return differences.filter { known.insert([$0.kind.rawValue, $0.clickID, $0.transactionID]).inserted }
    }

    /// Asks Keitaro for clicks that its log of these days lacks: some convert again after weeks.
    private func withoutKnownClicks(
        _ differences: [ConversionDifference], _ day: CivilDate, _ key: KeitaroKey
    ) async throws -> [ConversionDifference] {
        let clicks = Set(differences.filter { $0.kind == .unknownClick }.map(\.clickID)).filter { !$0.isEmpty }.sorted()
        guard !clicks.isEmpty else { return differences }
        let query = KeitaroConversionQuery(
            from: CivilDate(daysSince1970: day.daysSince1970 - 45), through: now().date,
            clickIDs: Array(clicks.prefix(500)))
        let found = Set(
            try await trackers.client(at: key.tracker.url).conversions(query, key.secret).map(\.clickID))
        return differences.filter { $0.kind != .unknownClick || !found.contains($0.clickID) }
    }

    // MARK: What follows

    /// Missing postbacks go the way of all others, marked as recovered, at the time at which Keitaro has them. What is older than a day
    /// is told to nobody: it is on the page. Another amount is left as it is: Keitaro's log counts in its account's currency, and under
    /// the profile's policies a second postback may add to the first or count twice.
    func fillIn(_ profile: PostbackProfile) async throws {
        guard profile.isEnabled else { return }
        // With its routes, from the book that all postbacks are read by.
        let profile = intake.book.profile(profile.id) ?? profile
        for difference in try await store.missing(profileID: profile.id, at: now()) {
            guard let recovered = RecoveredPostback(difference.theirs), recovered.canFillIn(difference, for: profile)
            else { continue }
            let id = try await store.claim(difference.id, eventID: TimeOrderedID.make(at: now()))
            guard let moment = TimeOrderedID.moment(of: id) else { continue }
            let row = PostbackRow(
                PostbackReading.read(recovered.fields(difference, for: profile), for: profile), of: profile,
                origin: .recovered, id: id, at: moment,
                // When a status changed the log doesn't say.
                happenedAt: difference.kind == .statusLag ? moment : recovered.at, raw: recovered.raw,
                isTold: recovered.isTold(at: moment))
            try await intake.add(row)
        }
        try await store.noteFilledIn(profileID: profile.id)
    }

    private func warn(_ profile: PostbackProfile, _ day: CivilDate, differing: Int, of all: Int) async throws {
        let percent = Double(differing) * 100 / Double(all)
        let step = percent > 5 ? 5 : percent > 2 ? 2 : 0
        guard step > 0 else { return }
        let text = TrackerMessage(profile, publicURL: publicURL).gap(
            step: step, percent: percent, differing: differing, of: all, day: ReconciliationStore.text(day),
            profileID: profile.id)
        let isSaid = try await store.database.transaction { transaction in
            guard try await store.notePassed(step, profileID: profile.id, day: day, in: transaction),
                let hearer = try await store.hearer(of: profile.id, in: transaction),
                try await store.raiseWarning(step, profileID: profile.id, day: day, in: transaction)
            else { return false }
            try await TelegramMessages.put(
                [.written(text, to: hearer.chatID, topic: hearer.topicID)], in: transaction)
            return true
        }
        guard isSaid else { return }
        told()
        log.warning(
            "many conversions differ from the tracker's",
            ["profile": String(profile.id), "day": ReconciliationStore.text(day), "percent": "\(percent)"])
    }
}

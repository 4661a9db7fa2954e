import Accounts
import Base
import Fetch
import Keitaro
import Postgres
import Reactor
import Sandbox
import TestDesk
import Testing

@testable import Postbacks

/// A profile with a tracker's key, the simulated tracker at a moment that stands still, and what arrived from it.
final class TrackerScene: Sendable {
    /// Where a profile without a chat of its own may be heard, and which chats then are told.
    struct Hearing: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let settings: [SQL]
        let told: [String]
    }

    static let hearings = [
        Hearing(testDescription: "its chat", settings: ["UPDATE keitaro_profiles SET topic_id = 7"], told: ["100/7"]),
        Hearing(
            testDescription: "the first route that takes anything",
            settings: [
                "UPDATE keitaro_profiles SET chat_id = NULL",
                "INSERT INTO telegram_people (telegram_id, user_id) SELECT 5, user_id FROM keitaro_profiles",
                """
                INSERT INTO keitaro_routes (profile_id, priority, match_kind, match_value, chat_id, topic_id, enabled)
                SELECT profile.id, priority, kind, value, chat, topic, route.enabled FROM keitaro_profiles profile, (VALUES
                    (1, 'source', 'tiktok', 200, NULL::bigint, true), (2, 'any', '', 201, NULL, false),
                    (3, 'any', '', 202, 9, true), (4, 'any', '', 203, NULL, true))
                    route (priority, kind, value, chat, topic, enabled)
                """,
            ], told: ["202/9"]),
        Hearing(
            testDescription: "its owner",
            settings: [
                "UPDATE keitaro_profiles SET chat_id = NULL",
                "INSERT INTO telegram_people (telegram_id, user_id) SELECT 5, user_id FROM keitaro_profiles",
            ], told: ["5"]),
        Hearing(
            testDescription: "its owner, where its chat is lost",
            settings: [
                "INSERT INTO telegram_chats (chat_id, problem) VALUES (100, 'bot_removed')",
                "INSERT INTO telegram_people (telegram_id, user_id) SELECT 5, user_id FROM keitaro_profiles",
            ], told: ["5"]),
        Hearing(
            testDescription: "nobody, where its owner may not log in",
            settings: [
                "UPDATE keitaro_profiles SET chat_id = NULL", "UPDATE users SET disabled_at = now()",
                "INSERT INTO telegram_people (telegram_id, user_id) SELECT 5, user_id FROM keitaro_profiles",
            ], told: []),
    ]

    let database: Database
    let loop: EventLoop
    let keitaro: SimulatedKeitaro
    let accounts: AccountStore
    let trackers: KeitaroTrackers
    let vault: PostbackVault
    let intake: PostbackIntake
    let rows: RowIntake
    let folder: TemporaryFolder
    let profileID: Int64
    let keyID: Int64
    let secret: Secret
    let now: Timestamp

    /// A minute in which nothing is special.
    static let moment = Timestamp(seconds: Timestamp.now().seconds / 86_400 * 86_400 + 52_360)

    init(_ database: Database, _ loop: EventLoop, now: Timestamp = TrackerScene.moment) async throws {
        self.database = database
        self.loop = loop
        self.now = now
        // Enough of each kind in three days, and no more: a run reads the log of all campaigns.
        keitaro = try SimulatedKeitaro(loop: loop, secondsPerConversion: 60, now: { now })
        let secretKey = SecretKey(Secret("a secret of the tests alone"))
        accounts = AccountStore(database: database, vault: KeyVault(secretKey))
        trackers = KeitaroTrackers(
            fetch: keitaro.fetch, log: .silent,
            deadlines: .init(read: .seconds(300), write: .seconds(300), report: .seconds(300)))
        let tracker = try await accounts.moveTracker(name: "trk-test", to: keitaro.url)
        let owner = try #require(try await accounts.admit(Secret(KeitaroWorld.adminKey), to: tracker, name: "Olena"))
        keyID = owner.keyID
        vault = PostbackVault(secretKey)
        secret = PostbackVault.makeSecret()
        let lookup = vault.lookup(secret)
        let cipher = try vault.seal(secret)
        profileID = try await database.one(
            """
            INSERT INTO keitaro_profiles (user_id, name, tracker_id, key_id, secret_lookup, secret_cipher, chat_id, language)
            VALUES (\(owner.userID), 'Main <1>', \(tracker.id), \(owner.keyID), \(lookup), \(cipher), 100, 'en') RETURNING id
            """
        ).get("id")
        folder = try TemporaryFolder("rows")
        rows = try await RowIntake.open(database, dataDirectory: folder.path, loop: loop, log: .silent)
        // A busy machine must not send rows by way of the journal.
        var settings = GroupCommitter<PostbackRow>.Settings()
        settings.patience = .seconds(600)
        intake = PostbackIntake(
            book: ProfileBook(database: database, vault: vault, directory: nil, loop: loop, log: .silent),
            rows: rows.accept(settings: settings), refusals: Refusals(database: database, loop: loop, log: .silent),
            proxies: AddressList([]), committed: {})
        _ = await intake.book.read()
    }

    func stop() async {
        await rows.close()
        folder.remove()
        await keitaro.fetch.close()
        await keitaro.stop()
    }

    var url: String { PostbackURL.make(base: "https://desk.example", secret: secret.reveal()) }
    var client: KeitaroClient { trackers.client(at: keitaro.url) }
    var key: Secret { Secret(KeitaroWorld.adminKey) }

    var run: ReconciliationRun {
        let now = now
        return ReconciliationRun(
            database: database, vault: vault, accounts: accounts, trackers: trackers, intake: intake,
            publicURL: "https://desk.example", log: .silent, now: { now })
    }

    /// Puts the URL into the busiest campaigns that are on, as if it had been there for a week.
    func install(intoCampaigns count: Int, statuses: [String] = PostbackInstallation.statuses) async throws {
        let weekAgo = now.adding(.seconds(-7 * 86_400))
        let stories = Dictionary(
            grouping: keitaro.world.stories(from: now.adding(.seconds(-86_400)), until: now), by: \.campaignID)
        let busiest = stories.sorted { ($0.value.count, $0.key) > ($1.value.count, $1.key) }.map(\.key).prefix(count)
        var places: [InstalledPostbacks.Place] = []
        for id in busiest.sorted() {
            let campaign = try await client.postbacks(ofCampaign: id, key)
            let own = KeitaroPostback(method: "GET", statuses: statuses, url: url)
            _ = try await client.putPostbacks(ofCampaign: id, campaign.postbacks + [own], key)
            places.append(
                InstalledPostbacks.Place(
                    kind: .campaign, id: id, name: campaign.name, statuses: Set(statuses), since: weekAgo))
        }
        try await InstallationStore(database: database, vault: vault).note(
            places, ofProfile: profileID, isComplete: true)
    }

    /// What the tracker sent here in a time.
    func postings(from: Timestamp, until: Timestamp) -> [KeitaroPosting] {
        keitaro.world.postings(from: from, until: until).filter { $0.url.hasPrefix("https://desk.example/") }
    }

    /// Takes postbacks in as they were sent, each at its time; those of one click in their order.
    func receive(_ postings: [KeitaroPosting]) async throws {
        let profile = try #require(intake.book.profile(profileID))
        let intake = intake
        try await withThrowingTaskGroup(of: Void.self) { group in
            for postings in Dictionary(grouping: postings, by: \.clickID).values {
                group.addTask {
                    for posting in postings {
                        let query = posting.url.split(separator: "?", maxSplits: 1).last ?? ""
                        let postback = PostbackReading.read(PostbackFields(query: query.utf8), for: profile)
                        try await intake.add(PostbackRow(postback, of: profile, origin: .keitaro, at: posting.at))
                    }
                }
            }
            try await group.waitForAll()
        }
    }

    /// Chats that were told something about the profile itself, in order.
    func alarmed() async throws -> [String] {
        try await database.query(
            "SELECT concat_ws('/', chat_id, topic_id) AS chat FROM telegram_messages WHERE kind = 'written' ORDER BY id"
        ).map { try $0.get("chat") }
    }

    func count(_ statement: SQL) async throws -> Int { try await database.one(statement).get(0, Int.self) }
}

func withScene(
    at now: Timestamp = TrackerScene.moment, _ body: @escaping @Sendable (TrackerScene) async throws -> Void
) async throws {
    try await withTestDatabase { database, loop in
        let scene = try await TrackerScene(database, loop, now: now)
        do {
            try await body(scene)
        } catch {
            await scene.stop()
            throw error
        }
        await scene.stop()
    }
}

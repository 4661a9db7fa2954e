import Accounts
import Base
import DataKeeping
import FlowEditor
import Frame
import Fetch
import Glibc
import HTTP
import Keitaro
import Outbox
import Postbacks
import Postgres
import Telegram
import Reactor
import Rollups
import Sandbox
import Synchronization

/// The serving process. Everything that runs is started here, in order, and stopped in reverse.
struct Desk {
    static let version = "0.1.0"

    let configuration: Configuration
    let loops: [EventLoop]
    let log: Logger

    func serve() async throws -> Int32 {
        let stop = try StopSignal(loop: loops[0], log: log)
        let tls = try configuration.tls.map { try TLSContext(certificate: $0.certificate, key: $0.key) }
        let renewal = try tls.map { try CertificateRenewal($0, loop: loops[0], log: log.component("tls")) }
        defer { renewal?.stop() }
        let startedAt = Timestamp.now()
        let storage: Storage
        do {
            // With profiles from its last run it can receive postbacks before the database is there.
            let waits = configuration.demo || !ProfileBook.hasCopy(in: configuration.dataDirectory)
            storage = try await stop.cancelling {
                try await Storage.open(configuration, loops: loops, log: log, waits: waits)
            }
        } catch  where stop.isAsked {
            log.info("stopped before it served", ["error": String(describing: error)])
            return 0
        }
        let intake = try await openIntake(storage)
        let watch = storage.cluster.map { ClusterWatch(cluster: $0, loop: loops[0], log: log) }
        watch?.start()
        let metrics = MetricSources()
        Measurements.add(to: metrics, database: storage.database, startedAt: startedAt)
        metrics.add { intake.families }
        let postbacks = PostbackParts(
            configuration: configuration, storage: storage, rows: intake, loop: loops[0], log: log)
        await postbacks.start()
        metrics.add { postbacks.intake.counts.families }
        metrics.add { await ConversionSums.families(storage.database) }

        let demo =
            configuration.demo
            ? try Demo(configuration: configuration, loop: loops[loops.count - 1], log: log) : nil
        if let demo {
            try await demo.seedAccounts(storage.accounts)
            try await demo.seedTelegram(storage)
            try await demo.seedProfiles(storage)
        } else if let url = configuration.keitaroURL, !storage.isBehind {
            try await storage.accounts.rememberTracker(url: url)
        }

        let fetch = Fetch(loops: loops, options: configuration.fetchOptions)
        let trackers = KeitaroTrackers(fetch: fetch, log: log.component("keitaro"))
        let upkeep = PostbackUpkeep(database: storage.database)
        let tracking = TrackerParts(
            configuration: configuration, storage: storage, trackers: trackers, intake: postbacks.intake,
            told: { [messages = postbacks.messages] in messages.ring() },
            log: log)
        let outbox = OutboxWorker(
            database: storage.database,
            handlers: [
                FlowEditorRoutes.outboxHandler(
                    database: storage.database, accounts: storage.accounts, trackers: trackers,
                    log: log.component("push")),
                Retention.ofDesk(storage.database).handler(log: log.component("retention")),
                upkeep.handler(log: log.component("postbacks")),
            ] + tracking.handlers,
            schedules: [Retention.schedule, PostbackUpkeep.schedule] + TrackerParts.schedules, loop: loops[0],
            log: log.component("outbox"))
        Measurements.addOutbox(to: metrics, database: storage.database, kinds: outbox.kinds)
        outbox.start()

        let catchingUp =
            storage.isBehind ? loops[0].spawn { await storage.catchUp(configuration, loop: loops[0], log: log) } : nil
        let telegram = try TelegramDesk.make(
            configuration, demo: demo, parts: telegramParts(postbacks, storage, intake), storage: storage, fetch: fetch,
            loop: loops[0],
            log: log.component("telegram"))
        if let telegram { Measurements.addTelegram(to: metrics, database: storage.database, sender: telegram.sender) }
        telegram?.start()
        if let telegram { postbacks.messages.connect { telegram.sender.poke() } }

        let readiness = ReadinessFlag()
        let application = try Mounts(
            configuration: configuration, storage: storage, trackers: trackers, log: log,
            readiness: readiness, loops: loops, ordered: { outbox.poke() }, metrics: metrics,
            receiving: postbacks, telegram: telegram?.address, telegramSandbox: demo?.telegram
        ).application()
        // Every kind of row has been named by now, and nobody asks yet.
        intake.start()
        let server: Server
        do {
            server = try Server(
                host: configuration.host, port: configuration.port, loops: loops, application: application,
                limits: ServingLimits.make(configuration, log: log), trustedPeers: configuration.trustedProxies,
                tls: tls,
                log: log.component("http"))
        } catch {
            StandardError.write(
                "Sluice can't listen on \(configuration.host):\(configuration.port): \(error.reason).\n")
            await intake.close()
            await postbacks.stop()
            await outbox.stop(within: .zero)
            await telegram?.stop(within: .zero)
            await fetch.close()
            await demo?.stop()
            await watch?.stop()
            await storage.close()
            return ExitCode.unavailable
        }
        Measurements.add(server, to: metrics)
        readiness.isReady.store(true, ordering: .relaxed)
        announce(port: server.port)
        await demo?.startTraffic(
            configuration, port: server.port, storage: storage, trackers: trackers, fetch: fetch, log: log)

        await stop.wait()

        log.info("stopping")
        readiness.isReady.store(false, ordering: .relaxed)
        catchingUp?.cancel()
        intake.stopReplaying()
        // Whoever spreads load sees `/ready` before newcomers are refused.
        await stop.shutdown.step("notice", until: .seconds(2)) {
            await server.announceStop()
            await loops[0].sleep(for: .seconds(1))
        }
        await stop.shutdown.step("requests", until: .seconds(7)) {
            await server.stop(within: stop.shutdown.time(until: .milliseconds(6500)))
        }
        await stop.shutdown.step("journal", until: .milliseconds(7500)) { await intake.close() }
        await stop.shutdown.step("profiles and sums", until: .milliseconds(7600)) { await postbacks.stop() }
        await stop.shutdown.step("outbox", until: .milliseconds(8600)) {
            await withTaskGroup { group in
                group.addTask { await outbox.stop(within: .seconds(1)) }
                group.addTask { await telegram?.stop(within: .seconds(1)) }
            }
        }
        await stop.shutdown.step("calls outside", until: .milliseconds(8800)) {
            await fetch.close()
            await demo?.stop()
        }
        await stop.shutdown.step("watch over the database", until: .milliseconds(8900)) { await watch?.stop() }
        await stop.shutdown.step("database", until: .milliseconds(9400)) {
            await storage.close(within: stop.shutdown.time(until: .milliseconds(9200)))
        }
        log.info("stopped")
        return 0
    }

    /// What the features tell and answer in Telegram.
    private func telegramParts(
        _ postbacks: PostbackParts, _ storage: Storage, _ rows: RowIntake
    ) -> TelegramDesk.Parts {
        let (book, bell) = (postbacks.book, postbacks.bell)
        let kind = PostbackKind(
            database: storage.database, base: configuration.publicURL, rate: { book.profile($0)?.rateLimitRPS })
        var parts = TelegramDesk.Parts(kinds: [kind.kind], migrations: [PostbackKind.migration])
        parts.menus = [
            PostbackBotMenu(
                database: storage.database, vault: PostbackVault(storage.secretKey),
                base: configuration.publicURL ?? (configuration.demo ? configuration.ownURL : nil),
                intake: postbacks.intake)
        ]
        parts.settled = { bell.ring() }
        // What was received while the database was away is told before what came after.
        parts.isHeldBack = { rows.isJournaling }
        return parts
    }

    /// Where rows go while the database is away has to be there before anybody is served.
    private func openIntake(_ storage: Storage) async throws -> RowIntake {
        do {
            return try await RowIntake.open(
                storage.database, dataDirectory: configuration.dataDirectory, loop: loops[0],
                log: log.component("journal"))
        } catch {
            await storage.close()
            throw error
        }
    }

    private func announce(port: UInt16) {
        log.info("serving", ["host": configuration.host, "port": String(port), "version": Self.version])
        let host = configuration.host == "0.0.0.0" || configuration.host == "::" ? "localhost" : configuration.host
        var text = "\nSluice is at \(configuration.publicURL ?? "\(configuration.scheme)://\(host):\(port)")\n"
        if configuration.demo {
            text += "This is the demo: simulated data. Log in with the key \(KeitaroWorld.adminKey)\n"
        } else if configuration.keitaroURL == nil {
            text += "KEITARO_URL is not set: set it in .env to use the flow editor.\n"
        }
        print(text)
        flushOutput()
    }
}

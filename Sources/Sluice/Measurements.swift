import Base
import HTTP
import Outbox
import Postgres
import Telegram

/// The numbers of `/metrics` that the parts of the process give.
enum Measurements {
    /// Those that are there from the start; the others come with what they count.
    static func add(to sources: MetricSources, database: Database, startedAt: Timestamp) {
        let about = [
            MetricFamily(
                "sluice_build_info", .gauge, help: "The running version.", [.init(1, [("version", Desk.version)])]),
            MetricFamily(
                "process_start_time_seconds", .gauge, help: "When the process began, in seconds since 1970.",
                Double(startedAt.microseconds) / 1e6),
        ]
        sources.add { about + ProcessMetrics.families() }
        sources.add { await database.poolState().families }
    }

    /// - Parameter kinds: what this process performs; they are told with zeros when there is nothing of them.
    static func addOutbox(to sources: MetricSources, database: Database, kinds: [String]) {
        let outbox = OutboxStore(database: database)
        sources.add {
            // A database that is away is itself a number; everything else is still told.
            let depths = try? await outbox.depth(kinds: kinds)
            let isUp = MetricFamily(
                "sluice_database_up", .gauge, help: "Whether the database answered just now.", depths == nil ? 0 : 1)
            return [isUp] + OutboxDepth.families(depths ?? [])
        }
    }

    static func addTelegram(to sources: MetricSources, database: Database, sender: TelegramSender) {
        sources.add {
            let health = try? await TelegramHealth.read(database)
            return sender.figures.families + (health?.families ?? [])
        }
    }

    static func add(_ server: Server, to sources: MetricSources) {
        sources.add { [weak server] in
            guard let server else { return [] }
            let load = server.load
            return [
                MetricFamily(
                    "sluice_http_requests_in_work", .gauge, help: "Requests whose handler runs.", Double(load.inWork)),
                MetricFamily(
                    "sluice_http_held_bytes", .gauge, help: "Kept for requests and answers under way.",
                    Double(load.heldBytes)),
                MetricFamily(
                    "sluice_http_shed_total", .counter, help: "Requests answered 503 for lack of room.",
                    Double(load.shed)),
                MetricFamily(
                    "sluice_http_refused_total", .counter, help: "Requests refused without a handler.",
                    Double(load.refused)),
                MetricFamily(
                    "sluice_http_turned_away_total", .counter,
                    help: "Connections closed at once, for there were too many.",
                    Double(load.turnedAway)),
                MetricFamily(
                    "sluice_http_connections", .gauge, help: "Open client connections.",
                    Double(server.connectionCount)),
            ]
        }
    }
}

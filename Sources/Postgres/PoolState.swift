import Base
import Reactor

/// How the connections of all loops stand at one moment.
package struct PoolState: Hashable, Sendable {
    /// Open or being opened.
    package var size = 0
    /// In the hands of a caller.
    package var busy = 0
    /// Callers without a connection.
    package var waiting = 0
    /// The most there may be.
    package var limit = 0
    /// Since the start: connections made, callers turned away because all stayed busy or the queue was full, statements that shared
    /// a round trip with others because all were busy.
    package var opened = 0
    package var turnedAway = 0
    package var gathered = 0

    package init() {}

    package var families: [MetricFamily] {
        [
            MetricFamily("sluice_pool_connections", .gauge, help: "Connections to PostgreSQL.", Double(size)),
            MetricFamily("sluice_pool_busy", .gauge, help: "Connections that serve a caller.", Double(busy)),
            MetricFamily("sluice_pool_waiting", .gauge, help: "Callers that wait for a connection.", Double(waiting)),
            MetricFamily("sluice_pool_limit", .gauge, help: "The most connections there may be.", Double(limit)),
            MetricFamily("sluice_pool_opened_total", .counter, help: "Connections made.", Double(opened)),
            MetricFamily(
                "sluice_pool_turned_away_total", .counter, help: "Callers that got no connection in time.",
                Double(turnedAway)),
            MetricFamily(
                "sluice_pool_gathered_total", .counter, help: "Statements that shared a round trip.", Double(gathered)),
        ]
    }
}

extension Database {
    /// Asks each loop; any thread.
    package func poolState() async -> PoolState {
        var state = PoolState()
        for pool in pools {
            let part = await Task(executorPreference: pool.loop) { pool.state }.value
            state.size += part.size
            state.busy += part.busy
            state.waiting += part.waiting
            state.limit += part.limit
            state.opened += part.opened
            state.turnedAway += part.turnedAway
            state.gathered += part.gathered
        }
        return state
    }
}

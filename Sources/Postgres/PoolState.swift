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

    package init() {}

    package var families: [MetricFamily] {
        [
            MetricFamily("sluice_pool_connections", .gauge, help: "Connections to PostgreSQL.", Double(size)),
            MetricFamily("sluice_pool_busy", .gauge, help: "Connections that serve a caller.", Double(busy)),
            MetricFamily("sluice_pool_waiting", .gauge, help: "Callers that wait for a connection.", Double(waiting)),
            MetricFamily("sluice_pool_limit", .gauge, help: "The most connections there may be.", Double(limit)),
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
        }
        return state
    }
}

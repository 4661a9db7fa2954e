import Base
import Postgres

/// Where the database is: a configured server, or the private cluster, which is then running.
struct DatabasePlace {
    let url: Secret
    /// To be released when the database is closed.
    let cluster: PrivateCluster?

    static func find(_ configuration: Configuration, log: Logger) async throws(ClusterError) -> DatabasePlace {
        if let url = configuration.databaseURL { return DatabasePlace(url: url, cluster: nil) }
        let cluster = try await PrivateCluster.start(
            directory: configuration.dataDirectory, log: log.component("postgres"))
        return DatabasePlace(url: cluster.databaseURL, cluster: cluster)
    }
}

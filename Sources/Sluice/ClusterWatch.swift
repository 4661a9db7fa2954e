import Base
import Postgres
import Reactor

/// Starts the private database again when it dies while the desk runs.
final class ClusterWatch: @unchecked Sendable {
    private let cluster: PrivateCluster
    private let loop: EventLoop
    private let log: Logger
    private var task: Task<Void, Never>?

    init(cluster: PrivateCluster, loop: EventLoop, log: Logger) {
        self.cluster = cluster
        self.loop = loop
        self.log = log
    }

    func start() {
        task = loop.spawn { [self] in
            while await loop.sleep(for: .seconds(1)) {
                do {
                    try await cluster.ensureRunning()
                } catch {
                    log.error("the private database can't be started", ["error": "\(error)"])
                }
            }
        }
    }

    func stop() async {
        task?.cancel()
        await task?.value
    }
}

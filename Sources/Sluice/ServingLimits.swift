import Base
import HTTP

/// The server's limits as the operator set them and the system allows.
enum ServingLimits {
    /// Descriptors that are not connections: files being sent, the database's, what the process itself opens.
    private static let reserve = 256

    static func make(_ configuration: Configuration, log: Logger) -> Limits {
        let set = configuration.limits
        var limits = Limits()
        let openFiles = OpenFiles.raiseLimit()
        let most = max(16, openFiles - reserve)
        limits.connections = min(set.connections, most)
        if limits.connections < set.connections {
            log.warning(
                "fewer connections than LIMIT_CONNECTIONS: the process may open few files",
                ["connections": String(limits.connections), "open_files": String(openFiles)])
        }
        limits.connectionsPerAddress = set.connectionsPerAddress
        limits.requestsInWork = set.requestsInWork
        limits.heldBytes = set.heldMegabytes << 20
        limits.requestLine = set.requestLine
        limits.head = set.headers
        limits.body = set.body
        limits.headDeadline = .seconds(set.headerSeconds)
        limits.bodyDeadline = .seconds(set.bodySeconds)
        limits.idleDeadline = .seconds(set.idleSeconds)
        limits.writeDeadline = .seconds(set.writeSeconds)
        return limits
    }
}

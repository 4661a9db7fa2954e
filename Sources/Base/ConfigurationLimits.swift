/// `LIMIT_…`: what clients may ask of the desk. Every one has a default that suits a team of fifty on a small machine.
package struct ConfigurationLimits: Hashable, Sendable {
    /// `LIMIT_CONNECTIONS`, open at one time; fewer where the system gives the process fewer descriptors.
    package let connections: Int
    /// `LIMIT_CONNECTIONS_PER_ADDRESS`; trusted proxies are not counted.
    package let connectionsPerAddress: Int
    /// `LIMIT_REQUESTS_IN_WORK`: beyond it requests are answered 503.
    package let requestsInWork: Int
    /// `LIMIT_REQUESTS_PER_MINUTE` of one address, over all processes; 0: no limit.
    package let requestsPerMinute: Int
    /// `LIMIT_TOKEN_REQUESTS_PER_MINUTE` of one API token, over all processes; 0: no limit.
    package let tokenRequestsPerMinute: Int
    /// `LIMIT_REQUEST_LINE`, `LIMIT_HEADERS` (line included) and `LIMIT_BODY` of routes that name no limit, in bytes.
    package let requestLine: Int
    package let headers: Int
    package let body: Int
    /// `LIMIT_HELD_MEGABYTES`: for requests that are not whole and answers that are not taken.
    package let heldMegabytes: Int
    /// `LIMIT_HEADER_SECONDS`, `LIMIT_BODY_SECONDS`, `LIMIT_IDLE_SECONDS`, `LIMIT_WRITE_SECONDS`.
    package let headerSeconds: Int
    package let bodySeconds: Int
    package let idleSeconds: Int
    package let writeSeconds: Int

    init(_ reader: inout ConfigurationReader) {
        connections = reader.number("LIMIT_CONNECTIONS", 16...1_000_000) ?? 16_384
        connectionsPerAddress = reader.number("LIMIT_CONNECTIONS_PER_ADDRESS", 1...1_000_000) ?? 1_024
        requestsInWork = reader.number("LIMIT_REQUESTS_IN_WORK", 1...100_000) ?? 1_024
        requestsPerMinute = reader.number("LIMIT_REQUESTS_PER_MINUTE", 0...100_000_000) ?? 3_000
        tokenRequestsPerMinute = reader.number("LIMIT_TOKEN_REQUESTS_PER_MINUTE", 0...100_000_000) ?? 1_200
        requestLine = reader.number("LIMIT_REQUEST_LINE", 1_024...65_536) ?? 8_192
        headers = reader.number("LIMIT_HEADERS", 4_096...1_048_576) ?? 32_768
        body = reader.number("LIMIT_BODY", 16_384...100_000_000) ?? 1_048_576
        heldMegabytes = reader.number("LIMIT_HELD_MEGABYTES", 16...65_536) ?? 256
        headerSeconds = reader.number("LIMIT_HEADER_SECONDS", 1...3_600) ?? 10
        bodySeconds = reader.number("LIMIT_BODY_SECONDS", 1...3_600) ?? 30
        idleSeconds = reader.number("LIMIT_IDLE_SECONDS", 1...3_600) ?? 75
        writeSeconds = reader.number("LIMIT_WRITE_SECONDS", 1...3_600) ?? 30
    }
}

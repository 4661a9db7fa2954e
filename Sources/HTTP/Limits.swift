/// Bounds on what one client may ask of the server. Every one is enforced before memory is spent.
package struct Limits: Sendable {
    /// Request line, in bytes. Beyond it: 414.
    package var requestLine = 8 * 1024
    /// Request line and header fields together. Beyond it: 431.
    package var head = 32 * 1024
    package var headerFields = 100
    /// Chunk extensions of one request, in bytes. Beyond it: 400.
    package var chunkExtensions = 1024
    /// Trailer fields of one request, in bytes. Beyond it: 431.
    package var trailers = 4 * 1024
    /// Content a route takes unless it says otherwise. Beyond it: 413.
    package var body = 1024 * 1024
    /// Open connections over all loops. Beyond it new ones are closed at once.
    package var connections = 16_384
    /// Of them from one IPv4 address or IPv6 /64. Beyond it new ones are closed at once.
    package var connectionsPerAddress = 1024
    /// Requests whose handler runs, over all loops. Beyond it: 503, but for bare routes.
    package var requestsInWork = 1024
    /// Memory for requests that are not whole, content whose handler runs, and answers the client doesn't take, over all loops, in
    /// bytes. Beyond it: 503, or the end of the connection where an answer has begun. What each connection costs by itself, and what
    /// handlers hold, is bounded by their numbers.
    package var heldBytes = 256 << 20
    /// From the first byte of a request to the end of its head.
    package var headDeadline = Duration.seconds(10)
    /// From the end of the head to the end of the content, and longer by what arrives at no less than `slowestBody`.
    package var bodyDeadline = Duration.seconds(30)
    /// In bytes a second.
    package var slowestBody = 8 * 1024
    /// Between requests on a kept connection.
    package var idleDeadline = Duration.seconds(75)
    /// Without progress while an answer is sent.
    package var writeDeadline = Duration.seconds(30)

    package init() {}

    /// How long a client that has sent so many bytes of content may have taken.
    func bodyTime(received: Int) -> Duration {
        let (milliseconds, overflows) = received.multipliedReportingOverflow(by: 1000)
        return bodyDeadline + (overflows ? .zero : .milliseconds(milliseconds / max(1, slowestBody)))
    }
}

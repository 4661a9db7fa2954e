/// Names of what processes tell each other by NOTIFY; the payloads are empty. Each has a slow poll as its backstop.
package enum PostbackChannel {
    /// Profiles or routes changed: drop the copies. Sent in the transaction of the edit.
    package static let profiles: StaticString = "postback_profiles"
    /// Events came, or messages were settled: live logs look again. Sent by ``EventBell``, a few times a second at most.
    package static let events: StaticString = "postback_events"
}

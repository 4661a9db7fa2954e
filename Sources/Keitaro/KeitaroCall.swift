import Base
import Fetch

/// One request of the Admin API, before it has an address and a key.
struct KeitaroCall: Sendable {
    let method: OutgoingRequest.Method
    /// Relative to the API, with its query; made of numbers and our own words, so it needs no encoding and holds no secret.
    let path: String
    var body: JSON?
    let deadline: Duration
    /// Changes something in the tracker. A report is a read although it is a POST (keitaro.md §1.7).
    let isWrite: Bool

    static func read(_ path: String, within deadline: Duration) -> KeitaroCall {
        KeitaroCall(method: .get, path: path, deadline: deadline, isWrite: false)
    }

    func request(to address: KeitaroAddress, key: Secret, within remaining: Duration) -> OutgoingRequest {
        var headers: FetchHeaders = ["Api-Key": key.reveal(), "Accept": "application/json"]
        if body != nil { headers.append("Content-Type", "application/json") }
        return OutgoingRequest(
            method, address.url(path), headers: headers, body: body?.bytes ?? [], deadline: remaining,
            isRepeatable: !isWrite)
    }
}

/// The small print of a call, for logs and for the foot of an error message.
package struct KeitaroCallFacts: Hashable, Sendable {
    package let method: String
    /// With the API's prefix and the query.
    package let path: String
    /// Nil when no answer came.
    package let status: Int?
    /// Of all attempts together.
    package let duration: Duration
    package let isWrite: Bool
    /// The tracker may have received the request.
    package let wasSent: Bool

    package init(method: String, path: String, status: Int?, duration: Duration, isWrite: Bool, wasSent: Bool) {
        self.method = method
        self.path = path
        self.status = status
        self.duration = duration
        self.isWrite = isWrite
        self.wasSent = wasSent
    }
}

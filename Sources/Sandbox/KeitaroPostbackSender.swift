import Base
import Fetch
import Reactor

/// Sends the simulated tracker's S2S postbacks when they are due. What was due while nothing ran is not made up for.
///
/// Touched only on its loop's thread (`@unchecked Sendable` on that ground).
package final class KeitaroPostbackSender: @unchecked Sendable {
    /// The desk whose postbacks these are.
    package struct Receiver: Sendable {
        /// As it stands in installed addresses, such as `https://desk.example`.
        package let publicURL: String
        /// By which this machine reaches it.
        package let loopbackURL: String

        package init(publicURL: String, loopbackURL: String) {
            self.publicURL = publicURL
            self.loopbackURL = loopbackURL
        }
    }

    struct Sent {
        let posting: KeitaroPosting
        /// Nil: no answer, or not sent at all.
        let status: Int?
        let note: String

        var json: JSON {
            [
                "at": .string(posting.at.iso8601), "campaign_id": .integer(posting.campaignID),
                "sub_id": .string(posting.clickID), "status": .string(posting.status),
                "host": .string(URLOrigin(posting.url)?.description ?? ""), "fate": .string(posting.fate.rawValue),
                "answer": status.map { .integer(Int64($0)) } ?? .null, "note": .string(note),
            ]
        }
    }

    private(set) var sent: [Sent] = []
    private let world: KeitaroWorld
    private let fetch: Fetch
    private let receiver: Receiver?
    private let loop: EventLoop
    private let log: Logger
    private var main: Task<Void, Never>?
    private var running = 0

    private static let tick = Duration.milliseconds(500)
    private static let mostAtOnce = 16

    init(world: KeitaroWorld, fetch: Fetch, receiver: Receiver?, loop: EventLoop, log: Logger) {
        self.world = world
        self.fetch = fetch
        self.receiver = receiver
        self.loop = loop
        self.log = log
    }

    func start() {
        main = loop.spawn { [self] in
            var last = Timestamp.now()
            while await loop.sleep(for: Self.tick) {
                let now = Timestamp.now()
                guard last < now else { continue }
                for posting in world.postings(from: last, until: now) { send(posting) }
                last = now
            }
        }
    }

    func stop() async {
        main?.cancel()
        await main?.value
    }

    private func send(_ posting: KeitaroPosting) {
        guard let url = address(posting.url) else {
            return note(Sent(posting: posting, status: nil, note: "elsewhere"))
        }
        guard running < Self.mostAtOnce else { return note(Sent(posting: posting, status: nil, note: "busy")) }
        running += 1
        loop.spawn { [self] in
            do throws(FetchError) {
                let answer = try await fetch.send(request(posting.method, url))
                note(Sent(posting: posting, status: answer.status, note: ""))
            } catch {
                log.debug("a postback was not received", ["reason": "\(error)"])
                note(Sent(posting: posting, status: nil, note: "\(error)"))
            }
            running -= 1
        }
    }

    /// How Keitaro encodes a POST is not documented: here the address keeps its fields, and they are repeated as a form.
    private func request(_ method: String, _ url: String) -> OutgoingRequest {
        guard method == "POST" else { return OutgoingRequest(.get, url, deadline: .seconds(10)) }
        let query = url.split(separator: "?", maxSplits: 1).dropFirst().first ?? ""
        return OutgoingRequest(
            .post, url, headers: ["Content-Type": "application/x-www-form-urlencoded"], body: Array(query.utf8),
            deadline: .seconds(10))
    }

    /// Nil for what is not on this machine: simulated data goes nowhere else.
    private func address(_ url: String) -> String? {
        guard let origin = URLOrigin(url), let start = url.firstRange(of: "://") else { return nil }
        if let receiver, origin == URLOrigin(receiver.publicURL) {
            return receiver.loopbackURL + url[start.upperBound...].drop { $0 != "/" && $0 != "?" }
        }
        return ["127.0.0.1", "localhost", "[::1]"].contains(origin.host) ? url : nil
    }

    private func note(_ sent: Sent) {
        self.sent.append(sent)
        if self.sent.count > 2000 { self.sent.removeFirst(1000) }
    }
}

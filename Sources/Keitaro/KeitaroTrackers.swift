import Base
import Fetch

/// Makes clients of trackers by their stored address. Any loop.
package struct KeitaroTrackers: Sendable {
    private let fetch: Fetch
    private let log: Logger
    private let deadlines: KeitaroClient.Deadlines

    package init(fetch: Fetch, log: Logger, deadlines: KeitaroClient.Deadlines = KeitaroClient.Deadlines()) {
        self.fetch = fetch
        self.log = log
        self.deadlines = deadlines
    }

    package func client(at url: String) -> KeitaroClient {
        KeitaroClient(baseURL: url, fetch: fetch, log: log, deadlines: deadlines)
    }
}

import Synchronization

/// Which report dialect each tracker has been seen to understand. A copy in memory only: forgetting it costs one request.
package final class KeitaroDialects: Sendable {
    package static let shared = KeitaroDialects()

    private let known = Mutex<[KeitaroAddress: KeitaroReportDialect]>([:])

    package init() {}

    package subscript(_ address: KeitaroAddress) -> KeitaroReportDialect? {
        get { known.withLock { $0[address] } }
        set { known.withLock { $0[address] = newValue } }
    }
}

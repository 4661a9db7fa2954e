import Synchronization

/// Which dialect each tracker has been seen to understand, of reports and of the conversion log. A copy in memory only: forgetting it
/// costs a request.
package final class KeitaroDialects: Sendable {
    package static let shared = KeitaroDialects()

    private struct Known {
        var report: KeitaroReportDialect?
        var log: KeitaroLogDialect?
    }

    private let known = Mutex<[KeitaroAddress: Known]>([:])

    package init() {}

    package subscript(_ address: KeitaroAddress) -> KeitaroReportDialect? {
        get { known.withLock { $0[address]?.report } }
        set { known.withLock { $0[address, default: Known()].report = newValue } }
    }

    func log(of address: KeitaroAddress) -> KeitaroLogDialect? { known.withLock { $0[address]?.log } }

    func remember(_ dialect: KeitaroLogDialect, of address: KeitaroAddress) {
        known.withLock { $0[address, default: Known()].log = dialect }
    }
}

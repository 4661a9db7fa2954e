import Base
import Fetch

extension KeitaroClient {
    /// Statistics, in whichever of the two dialects the tracker understands (keitaro.md §1.7): the one it answered last, or the new
    /// one; if that is rejected, the other.
    package func report(_ query: KeitaroReportQuery, _ key: Secret) async throws(KeitaroFailure) -> KeitaroReport {
        let first = dialects[address] ?? .new
        let refusal: KeitaroFailure
        do throws(KeitaroFailure) {
            return try await report(query, in: first, key)
        } catch {
            guard error.isPerhapsTheDialect else { throw error }
            refusal = error
        }
        do throws(KeitaroFailure) {
            return try await report(query, in: first == .new ? .old : .new, key)
        } catch {
            // Rejected twice: the question itself is wrong, and the first answer is in the likelier dialect.
            throw error.isPerhapsTheDialect ? refusal : error
        }
    }

    private func report(
        _ query: KeitaroReportQuery, in dialect: KeitaroReportDialect, _ key: Secret
    ) async throws(KeitaroFailure) -> KeitaroReport {
        let call = KeitaroCall(
            method: .post, path: "report/build", body: query.body(in: dialect), deadline: deadlines.report,
            isWrite: false)
        let report = try await perform(call, key) { json throws(KeitaroModelProblem) in
            let report = try KeitaroReport(json, for: query)
            guard report.answers(query) else { throw Self.ignored }
            return report
        }
        // An empty report proves nothing.
        if !report.rows.isEmpty { dialects[address] = dialect }
        return report
    }

    static let ignored = KeitaroModelProblem(
        object: "report", field: "rows", expected: "the columns that were asked for", found: "none of them")
}

extension KeitaroFailure {
    fileprivate var isPerhapsTheDialect: Bool {
        switch error {
        case .rejectedFields: [400, 406, 422].contains(facts.status)
        case .unreadable(let problem): problem == KeitaroClient.ignored
        default: false
        }
    }
}

import Base
import Fetch

extension KeitaroClient {
    /// The conversions of some days as they stand now, oldest first, over pages. The columns are asked for in the words that the
    /// tracker understood last, or in each dialect until one is understood.
    package func conversions(
        _ query: KeitaroConversionQuery, _ key: Secret
    ) async throws(KeitaroFailure) -> [KeitaroConversion] {
        var dialects: [KeitaroLogDialect] = KeitaroLogDialect.allCases
        if let known = self.dialects.log(of: address) {
            dialects.removeAll { $0 == known }
            dialects.insert(known, at: 0)
        }
        var refusal: KeitaroFailure?
        for dialect in dialects {
            do throws(KeitaroFailure) {
                return try await conversions(query, in: dialect, key)
            } catch {
                guard error.isPerhapsTheColumns else { throw error }
                // The first answer is in the likeliest dialect.
                if refusal == nil { refusal = error }
            }
        }
        throw refusal ?? KeitaroFailure(.notJSON(status: 0, isHTML: false), KeitaroClient.noCall)
    }

    private func conversions(
        _ query: KeitaroConversionQuery, in dialect: KeitaroLogDialect, _ key: Secret
    ) async throws(KeitaroFailure) -> [KeitaroConversion] {
        let found = try await KeitaroPages.collect(size: 1000) { limit, offset async throws(KeitaroFailure) in
            let call = KeitaroCall(
                method: .post, path: "conversions/log", body: query.body(dialect, limit: limit, offset: offset),
                deadline: deadlines.report, isWrite: false)
            return try await perform(call, key) { json throws(KeitaroModelProblem) in
                try KeitaroConversionPage(json, dialect).conversions
            }
        }
        // An empty log proves nothing.
        if !found.isEmpty { dialects.remember(dialect, of: address) }
        return found
    }

    private static let noCall = KeitaroCallFacts(
        method: "POST", path: "conversions/log", status: nil, duration: .zero, isWrite: false, wasSent: false)
}

extension KeitaroFailure {
    fileprivate var isPerhapsTheColumns: Bool {
        switch error {
        case .rejectedFields: [400, 406, 422].contains(facts.status)
        case .unreadable(let problem): problem == KeitaroConversionPage.ignored
        default: false
        }
    }
}

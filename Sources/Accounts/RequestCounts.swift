import Base
import Postgres

/// What all processes have admitted in the present minute: the rows behind ``RequestLimiter``.
package struct RequestCounts: Sendable {
    private let database: Database

    package init(database: Database) {
        self.database = database
    }

    /// Adds the reports, and returns what each subject has then. Windows that are over are removed on the way.
    func add(
        _ reports: [RequestLedger.Report], window: Int64
    ) async throws -> [RequestLedger.Subject: Int64] {
        let subjects = Dictionary(reports.map { ($0.subject.text, $0) }) { first, _ in first }
        let names = Array(subjects.keys)
        let added = names.map { subjects[$0]?.count ?? 0 }
        // Sorted, or two reports with the same subjects in another order would lock each other out.
        let rows = try await database.query(
            """
            WITH over AS (
                DELETE FROM request_counts WHERE (subject, window_start) IN (
                    SELECT subject, window_start FROM request_counts
                    WHERE window_start < \(window - RequestLedger.window) FOR UPDATE SKIP LOCKED)
            )
            INSERT INTO request_counts AS known (subject, window_start, admitted)
            SELECT subject, \(window), added FROM unnest(\(names)::text[], \(added)::bigint[]) AS given (subject, added)
            ORDER BY subject
            ON CONFLICT (subject, window_start) DO UPDATE SET admitted = known.admitted + excluded.admitted
            RETURNING subject, admitted
            """, within: .seconds(1))
        var totals: [RequestLedger.Subject: Int64] = [:]
        for row in rows {
            if let report = subjects[try row.get("subject", String.self)] {
                totals[report.subject] = try row.get("admitted", Int64.self)
            }
        }
        return totals
    }
}

extension RequestLedger.Subject {
    /// As it is stored.
    var text: String {
        switch self {
        case .address(let address): "address \(address)"
        case .token(let first, let second): "token \(String(first, radix: 16)) \(String(second, radix: 16))"
        case .others(let number): "others \(number)"
        }
    }
}

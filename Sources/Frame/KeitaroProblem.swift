import Base
import HTTP
import Keitaro
import Views

/// Failures of Keitaro as sentences that say what is safe and what to do (issue's list in look.md, "Words").
extension Frame {
    /// For reads: a sync, a fetch, a check, statistics.
    package func problem(_ failure: KeitaroFailure) -> Problem {
        var problem = Problem(status(of: failure.error), sentence(for: failure))
        problem.title = Word("error.keitaro.title")
        problem.type = "/problems/keitaro"
        problem.members = [
            ("keitaro", .string(Self.kind(of: failure.error))), ("facts", .string(Self.facts(of: failure))),
        ]
        if case .rateLimited(let delay?) = failure.error {
            problem.headers = [("Retry-After", String(delay.components.seconds))]
        }
        return problem
    }

    private func status(of error: KeitaroError) -> Status {
        switch error {
        case .keyRefused, .noPermission: .forbidden
        case .editionWithoutAPI: .paymentRequired
        case .notFound: .notFound
        case .rejectedFields: .unprocessable
        case .rateLimited: .tooManyRequests
        case .timeout: .gatewayTimeout
        case .firewall, .notJSON, .serverError, .unreachable, .redirected, .unreadable: .badGateway
        }
    }

    private func sentence(for failure: KeitaroFailure) -> Word {
        switch failure.error {
        case .keyRefused: Word("error.keitaro.refused_key")
        case .editionWithoutAPI: Word("error.keitaro.edition")
        case .noPermission: Word("error.keitaro.forbidden")
        case .firewall(let firewall):
            Word(
                firewall.isCloudflare ? "error.keitaro.firewall_read" : "error.keitaro.firewall_other_read",
                ["address": .string(serverAddress)])
        case .notFound: Word("error.keitaro.not_found")
        case .rateLimited: Word("error.keitaro.limited")
        case .timeout: Word("error.keitaro.timeout", ["seconds": .integer(Self.seconds(failure))])
        case .unreachable: Word("error.keitaro.unreachable")
        case .serverError(let status, _): Word("error.keitaro.failed", ["status": .integer(Int64(status))])
        case .rejectedFields(let fields) where !fields.isEmpty:
            Word("error.keitaro.rejected", ["answer": .string(fields.sentence)])
        case .rejectedFields: Word("error.keitaro.failed", ["status": .integer(Int64(failure.facts.status ?? 422))])
        case .notJSON, .redirected, .unreadable: Word("error.keitaro.unreadable")
        }
    }

    /// For the login page: title and detail.
    package func loginSentences(_ failure: KeitaroFailure, host: String) -> (title: Word, detail: Word) {
        let place: ViewObject = ["host": .string(host)]
        return switch failure.error {
        case .keyRefused: (Word("login.error.refused_title"), Word("login.error.refused_detail"))
        case .editionWithoutAPI: (Word("login.error.edition_title"), Word("login.error.edition_detail"))
        case .firewall(let firewall):
            (
                Word(firewall.isCloudflare ? "login.error.firewall_title" : "login.error.firewall_other_title"),
                Word("login.error.firewall_detail", ["address": .string(serverAddress)])
            )
        case .timeout:
            (
                Word("login.error.timeout_title", ["seconds": .integer(Self.seconds(failure))]),
                Word("login.error.timeout_detail", place)
            )
        case .rateLimited: (Word("login.error.busy_title", place), Word("login.error.busy_detail"))
        case .serverError(let code, _):
            (
                Word("login.error.failed_title", ["host": .string(host), "status": .integer(Int64(code))]),
                Word("login.error.busy_detail")
            )
        case .unreachable: (Word("login.error.unreachable_title", place), Word("login.error.unreachable_detail"))
        case .noPermission, .notFound, .rejectedFields, .notJSON, .redirected, .unreadable:
            (Word("login.error.not_keitaro_title", place), Word("login.error.not_keitaro_detail"))
        }
    }

    /// A name for programs and for stored problems.
    package static func kind(of error: KeitaroError) -> String {
        switch error {
        case .keyRefused: "key_refused"
        case .editionWithoutAPI: "edition"
        case .noPermission: "forbidden"
        case .firewall: "firewall"
        case .notFound: "gone"
        case .rejectedFields: "rejected"
        case .notJSON, .redirected, .unreadable: "unexpected"
        case .serverError: "server_error"
        case .rateLimited: "limited"
        case .timeout: "timeout"
        case .unreachable: "unreachable"
        }
    }

    /// The small print: method, path, status, duration.
    package static func facts(of failure: KeitaroFailure) -> String {
        let facts = failure.facts
        let status = facts.status.map { "\($0)" } ?? "-"
        return
            "\(facts.method) \(facts.path) · \(status) · \(facts.duration.components.seconds * 1000 + facts.duration.components.attoseconds / 1_000_000_000_000_000) ms"
    }

    /// How long was waited, in whole seconds.
    package static func seconds(_ failure: KeitaroFailure) -> Int64 {
        let (seconds, attoseconds) = failure.facts.duration.components
        return max(1, seconds + (attoseconds >= 500_000_000_000_000_000 ? 1 : 0))
    }
}

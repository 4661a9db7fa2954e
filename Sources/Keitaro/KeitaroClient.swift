import Base
import Fetch
import Reactor

/// The Admin API v1 of one tracker. Holds no key: each call is made with the key of whoever asks. Any loop.
package struct KeitaroClient: Sendable {
    package struct Deadlines: Sendable {
        package var read: Duration
        package var write: Duration
        /// A heavy query on the click server (keitaro.md §1.7).
        package var report: Duration

        package init(read: Duration = .seconds(15), write: Duration = .seconds(15), report: Duration = .seconds(30)) {
            self.read = read
            self.write = write
            self.report = report
        }
    }

    package let address: KeitaroAddress
    package let deadlines: Deadlines
    let dialects: KeitaroDialects
    private let fetch: Fetch
    private let log: Logger

    package init(
        baseURL: String, fetch: Fetch, log: Logger, deadlines: Deadlines = Deadlines(),
        dialects: KeitaroDialects = .shared
    ) {
        address = KeitaroAddress(baseURL)
        self.fetch = fetch
        self.log = log
        self.deadlines = deadlines
        self.dialects = dialects
    }

    /// Reads what `decode` makes of the answer. A read is repeated once, at once, when the connection broke off or a proxy in front
    /// of the tracker was not well, if the deadline leaves time; a write never is.
    func perform<Value>(
        _ call: KeitaroCall, _ key: Secret, _ decode: (JSON) throws(KeitaroModelProblem) -> Value
    ) async throws(KeitaroFailure) -> Value {
        let started = MonotonicTime.now()
        var attempt = await attempt(call, key, within: call.deadline)
        let remaining = call.deadline - (MonotonicTime.now() - started)
        if !call.isWrite, attempt.isWorthRepeating, remaining > call.deadline / 10 {
            log.debug("asking again", ["path": call.path, "reason": attempt.error.map { "\($0)" }])
            attempt = await self.attempt(call, key, within: remaining)
        }
        var error = attempt.error
        if error == nil, let json = attempt.json {
            do throws(KeitaroModelProblem) {
                let value = try decode(json)
                record(call, attempt, started, nil)
                return value
            } catch {
                attempt.error = .unreadable(error)
            }
            error = attempt.error
        }
        throw record(call, attempt, started, error ?? .notJSON(status: attempt.status ?? 0, isHTML: false))
    }

    /// A call that must not even be sent.
    func refusal(_ call: KeitaroCall, _ error: KeitaroError) -> KeitaroFailure {
        KeitaroFailure(
            error,
            KeitaroCallFacts(
                method: call.method.rawValue, path: "\(KeitaroAddress.apiPath)/\(call.path)", status: nil,
                duration: .zero,
                isWrite: call.isWrite, wasSent: false))
    }

    private struct Attempt {
        var json: JSON?
        var error: KeitaroError?
        var status: Int?
        var wasSent = false

        var isWorthRepeating: Bool {
            switch error {
            case .unreachable(.reset), .serverError(502, _), .serverError(503, _), .serverError(504, _): true
            default: false
            }
        }
    }

    private func attempt(_ call: KeitaroCall, _ key: Secret, within deadline: Duration) async -> Attempt {
        guard !key.reveal().isEmpty else { return Attempt(error: .keyRefused) }
        let response: FetchResponse
        do throws(FetchError) {
            response = try await fetch.send(call.request(to: address, key: key, within: deadline))
        } catch {
            switch error {
            case .timeout(_, let sent): return Attempt(error: .timeout(wasWrite: call.isWrite), wasSent: sent)
            // The only header from outside is the key.
            case .invalidHeader: return Attempt(error: .keyRefused)
            default: return Attempt(error: .unreachable(error), wasSent: error.mayHaveBeenReceived)
            }
        }
        do throws(KeitaroProblem) {
            let json = try KeitaroAnswer(response, from: address).json()
            return Attempt(json: json, status: response.status, wasSent: true)
        } catch {
            return Attempt(error: error.error.scrubbed(of: key), status: response.status, wasSent: true)
        }
    }

    @discardableResult
    private func record(
        _ call: KeitaroCall, _ attempt: Attempt, _ started: MonotonicTime, _ error: KeitaroError?
    ) -> KeitaroFailure {
        let facts = KeitaroCallFacts(
            method: call.method.rawValue, path: "\(KeitaroAddress.apiPath)/\(call.path)", status: attempt.status,
            duration: MonotonicTime.now() - started, isWrite: call.isWrite, wasSent: attempt.wasSent)
        let fields: LogFields = [
            "tracker": address.description, "method": facts.method, "path": facts.path,
            "status": facts.status.map { "\($0)" },
            "ms": "\(Int(facts.duration.milliseconds))", "error": error.map { "\($0)" },
        ]
        if error == nil { log.debug("keitaro answered", fields) } else { log.warning("keitaro call failed", fields) }
        return KeitaroFailure(error ?? .notJSON(status: 0, isHTML: false), facts)
    }
}

extension KeitaroError {
    /// Without the key, should the server have repeated it in its message.
    func scrubbed(of key: Secret) -> KeitaroError {
        let scrub = { (text: String) in KeitaroText.scrub(text, of: key) }
        switch self {
        case .noPermission(let message): return .noPermission(message: scrub(message))
        case .notFound(let message): return .notFound(message: scrub(message))
        case .serverError(let status, let message): return .serverError(status: status, message: message.map(scrub))
        case .rejectedFields(let fields):
            return .rejectedFields(
                fields.map { KeitaroRejectedField(field: scrub($0.field), messages: $0.messages.map(scrub)) })
        default: return self
        }
    }
}

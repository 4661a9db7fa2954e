import Accounts
import Base
import Frame
import Keitaro
import Outbox

/// Performs a push from the outbox: read, compare, PUT, verify, record. Safe to run again at any point: a set that Keitaro
/// already holds counts as pushed, and a PUT of the same set changes nothing (reference/keitaro.md §1.5).
struct PushWorker: Sendable {
    /// Tries at a tracker that can't be reached before anything was sent.
    private static let attemptsUnsent = 3
    /// Tries at finding out whether a PUT without an answer was applied.
    private static let attemptsUnknown = 8

    let store: FlowEditorStore
    let accounts: AccountStore
    let trackers: KeitaroTrackers
    let log: Logger

    var handler: OutboxHandler {
        OutboxHandler(kind: FlowEditorStore.pushKind, giveUp: giveUp) { item in
            do {
                return try await perform(item)
            } catch {
                // The database is away: the push stays an item and is performed when it is back.
                return .retry(
                    after: Backoff.delay(afterAttempt: item.attempt, jitter: .random(in: 0...1)), reason: "\(error)")
            }
        }
    }

    /// Edits of the flow wait for its push, so the push must end too.
    @Sendable private func giveUp(_ item: OutboxItem) async throws {
        guard let id = item.payload["push_id"]?.intValue, let order = try await store.pushOrder(id: id),
            order.push.state == .waiting
        else { return }
        try await store.settleFailed(order, PushProblem(kind: order.wasSent ? "unknown" : "lost"))
    }

    private func perform(_ item: OutboxItem) async throws -> OutboxOutcome {
        guard let id = item.payload["push_id"]?.intValue, let order = try await store.pushOrder(id: id) else {
            return .failed(reason: "the push is not there")
        }
        guard order.push.state == .waiting else { return .done }
        guard let keyID = order.keyID, let key = try await readableKey(keyID) else {
            try await store.settleFailed(order, PushProblem(kind: "key_refused"))
            return .done
        }
        let client = trackers.client(at: key.tracker.url)
        let intended = order.push.after.map(\.offer)
        let base = order.push.before.map(\.offer)

        let now: [OfferShare]
        do throws(KeitaroFailure) {
            now = try await client.stream(order.streamID, key.secret).offerSet
        } catch {
            return try await failed(order, error, keyID: keyID, attempt: item.attempt, wasSent: order.wasSent)
        }
        if OfferDifference.between(now, intended).isEmpty {
            try await store.settlePushed(order, answer: now)
            return .done
        }
        guard OfferDifference.between(base, now).isEmpty else {
            try await store.settleConflict(order, now: now)
            return .done
        }
        // Noted before, so that whoever repeats this after a crash knows.
        try await store.noteSending(order)
        let answer: [OfferShare]
        do throws(KeitaroFailure) {
            answer = try await client.putOffers(
                ofStream: order.streamID,
                intended.map { KeitaroShare(offerID: $0.offerID, share: Int64($0.share), isActive: $0.isActive) },
                key.secret
            ).offerSet
        } catch {
            let failure = error
            guard failure.mayHaveBeenApplied else {
                try await store.noteRefusal(order)
                return try await failed(order, failure, keyID: keyID, attempt: item.attempt, wasSent: false)
            }
            guard let found = try? await client.stream(order.streamID, key.secret).offerSet else {
                return try await failed(order, failure, keyID: keyID, attempt: item.attempt, wasSent: true)
            }
            if OfferDifference.between(base, found).isEmpty {
                try await store.settleFailed(order, PushProblem(failure))
                return .done
            }
            return try await verify(found, order)
        }
        return try await verify(answer, order)
    }

    /// Nil when the key is gone, or was sealed under another SECRET_KEY: either way its owner has to enter it again.
    private func readableKey(_ id: Int64) async throws -> KeitaroKey? {
        do {
            return try await accounts.key(id: id)
        } catch is CryptographyError {
            return nil
        }
    }

    private func verify(_ answer: [OfferShare], _ order: FlowEditorStore.PushOrder) async throws -> OutboxOutcome {
        if OfferDifference.between(order.push.after.map(\.offer), answer).isEmpty {
            try await store.settlePushed(order, answer: answer)
        } else {
            log.warning("Keitaro holds other shares than were sent", ["push": String(order.push.id)])
            try await store.settleFailed(order, PushProblem(kind: "mismatch"), answer: answer)
        }
        return .done
    }

    private func failed(
        _ order: FlowEditorStore.PushOrder, _ failure: KeitaroFailure, keyID: Int64, attempt: Int, wasSent: Bool
    ) async throws -> OutboxOutcome {
        if failure.error == .keyRefused { try await accounts.markRefused(keyID: keyID) }
        let mayRetry = wasSent || failure.isWorthRetrying
        let limit = wasSent ? Self.attemptsUnknown : Self.attemptsUnsent
        if mayRetry, attempt < limit {
            return .retry(
                after: Backoff.delay(afterAttempt: attempt, jitter: .random(in: 0...1)), reason: failure.description)
        }
        var problem = PushProblem(failure)
        if wasSent { problem.kind = "unknown" }
        try await store.settleFailed(order, problem)
        return .failed(reason: failure.description)
    }
}

extension KeitaroStream {
    var offerSet: [OfferShare] {
        offers.map { offer in
            OfferShare(offerID: offer.offerID, share: Int(clamping: offer.share), isActive: offer.state == .active)
        }
    }
}

extension PushProblem {
    init(_ failure: KeitaroFailure) {
        self.init(
            kind: Frame.kind(of: failure.error), status: failure.facts.status, text: Self.text(failure.error),
            seconds: Int(Frame.seconds(failure)), facts: Frame.facts(of: failure))
    }

    private static func text(_ error: KeitaroError) -> String? {
        switch error {
        case .rejectedFields(let fields): fields.sentence
        case .firewall(let firewall): firewall.isCloudflare ? cloudflare : nil
        case .noPermission(let message), .notFound(let message): message
        case .serverError(_, let message): message
        default: nil
        }
    }
}

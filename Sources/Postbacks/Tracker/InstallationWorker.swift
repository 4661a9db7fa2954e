import Accounts
import Base
import Frame
import Keitaro
import Outbox

/// Puts a profile's URL into a campaign or a source, from the outbox: read, compare with what was shown, write, verify. Safe to run
/// again at any point: where the URL stands already, nothing is written.
package struct InstallationWorker: Sendable {
    private static let attempts = 4

    let store: InstallationStore
    let accounts: AccountStore
    let trackers: KeitaroTrackers
    let log: Logger

    package init(store: InstallationStore, accounts: AccountStore, trackers: KeitaroTrackers, log: Logger) {
        self.store = store
        self.accounts = accounts
        self.trackers = trackers
        self.log = log
    }

    package var handler: OutboxHandler {
        OutboxHandler(kind: InstallationStore.kind) { item in
            do {
                return try await perform(item)
            } catch {
                // The database is away: the order stays an item and is performed when it is back.
                return .retry(
                    after: Backoff.delay(afterAttempt: item.attempt, jitter: .random(in: 0...1)), reason: "\(error)")
            }
        }
    }

    private func perform(_ item: OutboxItem) async throws -> OutboxOutcome {
        guard let id = item.payload["order_id"]?.intValue, let order = try await store.order(id) else {
            return .failed(reason: "the order is not there")
        }
        guard order.state == .waiting else { return .done }
        guard let keyID = order.keyID, let key = try await Self.key(keyID, accounts),
            let secrets = try await Self.secrets(ofProfile: order.profileID, store)
        else {
            try await store.settle(order, .failed, problem: ["kind": "key_refused"])
            return .done
        }
        let target = InstallationTarget(
            kind: order.kind, id: order.keitaroID, client: trackers.client(at: key.tracker.url), key: key.secret)
        let url = PostbackURL.make(base: order.base, secret: secrets.secret.reveal())
        do throws(KeitaroFailure) {
            let now = try await target.read()
            let plan = PostbackInstallation(
                at: now.place, url: url, method: order.method, statuses: order.statuses, isOwn: secrets.isOwn)
            return try await perform(order, plan, now.name, target, attempt: item.attempt)
        } catch {
            return try await failed(order, error, keyID: keyID, attempt: item.attempt)
        }
    }

    private func perform(
        _ order: InstallationStore.Order, _ plan: PostbackInstallation, _ name: String, _ target: InstallationTarget,
        attempt: Int
    ) async throws(KeitaroFailure) -> OutboxOutcome {
        if plan.deed == .nothing { return await settled(order, .installed, name) }
        if plan.deed == .taken { return await settled(order, .changed, name) }
        // After a write whose answer was lost, what is there differs from what was shown; it was read just now.
        guard plan.revision == order.revision || order.wasSent else { return await settled(order, .changed, name) }
        do {
            try await store.noteSending(order)
        } catch {
            return .retry(after: Backoff.delay(afterAttempt: attempt, jitter: 0.5), reason: "\(error)")
        }
        let answer: [KeitaroPostback]
        do throws(KeitaroFailure) {
            answer = try await target.write(plan)
        } catch {
            guard error.mayHaveBeenApplied, let found = try? await target.read() else { throw error }
            answer = found.place.postbacks
        }
        if plan.isFulfilled(by: answer) { return await settled(order, .installed, name) }
        log.warning("Keitaro holds other postbacks than were sent", ["order": String(order.id)])
        return await settled(order, .failed, name, problem: ["kind": "mismatch"])
    }

    private func settled(
        _ order: InstallationStore.Order, _ state: InstallationStore.OrderState, _ name: String, problem: JSON? = nil
    ) async -> OutboxOutcome {
        do {
            let place = InstalledPostbacks.Place(
                kind: order.kind, id: order.keitaroID, name: name, statuses: Set(order.statuses), since: .now())
            try await store.settle(order, state, problem: problem, place: state == .installed ? place : nil)
            return .done
        } catch {
            return .retry(after: .seconds(1), reason: "\(error)")
        }
    }

    private func failed(
        _ order: InstallationStore.Order, _ failure: KeitaroFailure, keyID: Int64, attempt: Int
    ) async throws -> OutboxOutcome {
        if failure.error == .keyRefused { try await accounts.markRefused(keyID: keyID) }
        if failure.isWorthRetrying, attempt < Self.attempts {
            return .retry(
                after: Backoff.delay(afterAttempt: attempt, jitter: .random(in: 0...1)), reason: failure.description)
        }
        try await store.settle(
            order, .failed,
            problem: [
                "kind": .string(Frame.kind(of: failure.error)), "text": .string(failure.error.description),
                "facts": .string(Frame.facts(of: failure)),
            ])
        return .failed(reason: failure.description)
    }

    /// Nil when the key is gone, or was sealed under another SECRET_KEY: either way its owner has to enter it again.
    static func key(_ id: Int64, _ accounts: AccountStore) async throws -> KeitaroKey? {
        do {
            return try await accounts.key(id: id)
        } catch is CryptographyError {
            return nil
        }
    }

    static func secrets(ofProfile id: Int64, _ store: InstallationStore) async throws -> InstallationStore.Secrets? {
        do {
            return try await store.secrets(ofProfile: id)
        } catch is CryptographyError {
            return nil
        }
    }
}

/// A campaign or a traffic source, as far as its postbacks go.
struct InstallationTarget: Sendable {
    let kind: InstalledPostbacks.Kind
    let id: Int64
    let client: KeitaroClient
    let key: Secret

    func read() async throws(KeitaroFailure) -> (name: String, place: PostbackInstallation.Place) {
        switch kind {
        case .campaign:
            let campaign = try await client.postbacks(ofCampaign: id, key)
            return (campaign.name, .campaign(campaign.postbacks))
        case .source:
            let source = try await client.trafficSource(id, key)
            return (source.name, .source(url: source.postbackURL, statuses: source.postbackStatuses))
        }
    }

    func write(_ plan: PostbackInstallation) async throws(KeitaroFailure) -> [KeitaroPostback] {
        switch kind {
        case .campaign: return try await client.putPostbacks(ofCampaign: id, plan.postbacks, key).postbacks
        case .source:
            let wanted = plan.postbacks.first
            let source = try await client.putPostback(
                ofSource: id, url: wanted?.url ?? "", statuses: wanted?.statuses ?? [], key)
            return PostbackInstallation.Place.source(url: source.postbackURL, statuses: source.postbackStatuses)
                .postbacks
        }
    }
}

extension PostbackInstallation.Place {
    var postbacks: [KeitaroPostback] {
        switch self {
        case .campaign(let postbacks): postbacks
        case .source(let url, let statuses):
            url.isEmpty ? [] : [KeitaroPostback(method: "GET", statuses: statuses, url: url)]
        }
    }
}

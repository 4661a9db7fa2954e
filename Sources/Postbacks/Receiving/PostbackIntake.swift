import Accounts
import Base
import HTTP
import Postgres

/// Where every event goes in, whoever brings it: trackers by ``receive(_:)``, tests, replays and what was found missing by ``add(_:)``.
package struct PostbackIntake: Sendable {
    package let book: ProfileBook
    let rows: JournaledCommitter<PostbackRow>
    let refusals: Refusals
    package let counts = PostbackCounts()
    private let proxies: AddressList
    private let committed: @Sendable () -> Void

    /// - Parameters:
    ///   - proxies: whose word on a sender's address is believed.
    ///   - committed: rings live logs and whoever sends messages, after each event; has to cost nothing.
    package init(
        book: ProfileBook, rows: JournaledCommitter<PostbackRow>, refusals: Refusals, proxies: AddressList,
        committed: @escaping @Sendable () -> Void
    ) {
        self.book = book
        self.rows = rows
        self.refusals = refusals
        self.proxies = proxies
        self.committed = committed
    }

    /// Returns when the event is durable. On one of the database's loops.
    /// - Returns: nil when it lies in the journal, and what becomes of it is not known yet.
    /// - Throws: why it could be kept nowhere.
    @discardableResult
    package func add(_ row: PostbackRow) async throws(PostgresError) -> PostbackReceipt? {
        switch try await rows.submit(row) {
        case .committed(let answer):
            counts.count(answer.answer.outcome)
            committed()
            return answer.answer
        case .journaled:
            counts.journaled.add()
            return nil
        }
    }

    // MARK: Requests

    /// `ok` when the postback is kept: after the commit, or on the disk while the database is away. `forbidden` for a secret that no
    /// profile has, or one that is switched off.
    @Sendable package func receive(_ request: Request) async throws -> Response {
        let fields = PostbackFields(
            query: request.rawQuery.utf8, contentType: request.header("content-type") ?? "", body: request.body)
        let address = ClientAddress.of(request, trusting: proxies)
        let raw = RawRequest.json(of: request, secret: fields.secret, from: address)
        switch await book.find(Secret(fields.secret)) {
        case .profile(let profile):
            let row = PostbackRow(
                PostbackReading.read(fields, for: profile), of: profile, origin: .keitaro, raw: raw)
            try await add(row)
            return Self.ok
        case .disabled(let profile):
            refuse("disabled", profile, address, raw)
        case .unknown:
            refuse("bad_secret", nil, address, raw)
        case .undecided(let error):
            throw error
        }
        return Self.forbidden
    }

    private static let ok = Response.text("ok")
    private static let forbidden = Response.text("forbidden", status: .forbidden)

    private func refuse(_ outcome: String, _ profile: PostbackProfile?, _ address: String, _ raw: String) {
        counts.refused.add()
        refusals.note(
            PostbackStore.Refusal(at: .now(), outcome: outcome, profileID: profile?.id, address: address, raw: raw))
    }
}

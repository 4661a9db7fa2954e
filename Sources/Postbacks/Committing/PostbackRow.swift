import Base
import Ledger
import Postgres

/// How an event came to us. Stored names.
package enum PostbackOrigin: String, Hashable, Sendable {
    /// From a tracker.
    case keitaro
    /// Sent by a person to see that it works: told, and nothing else.
    case test
    /// Read again from what was stored.
    case replay
    /// Found in the tracker's log of conversions, where it had been and we had not.
    case recovered
}

/// What became of an event. Stored names.
package enum PostbackOutcome: String, Hashable, Sendable {
    case accepted
    /// Its status is nobody's: announced as itself.
    case unmapped
    /// Its like came a short while ago: kept and not announced.
    case duplicate
    /// The profile's policy keeps it out of its conversion; not announced.
    case ignored
}

/// What the sender of a row learns.
package struct PostbackReceipt: Hashable, Sendable {
    package let outcome: PostbackOutcome
    package let conversionID: Int64?
}

/// One postback on its way into the database: event, dedup, conversion, sums and messages in one statement (DESIGN, "Postback").
/// Everything that depends on the moment is in it (ids, times, to whom it is told), so that the journal's copy does what it would
/// have done. An object, for it is large and passes through many hands.
package final class PostbackRow: Sendable {
    /// A UUID.
    package let id: String
    package let createdAt: Timestamp
    /// When the conversion took place, for its bucket: `createdAt`, but for what is told later than it came.
    package let happenedAt: Timestamp
    package let profileID: Int64
    /// Whose Mirror knows the names that were not sent.
    package let trackerID: Int64?
    package let origin: PostbackOrigin
    /// A UUID.
    package let replayOf: String?
    package let postback: Postback
    /// JSON: the request without secrets.
    package let raw: String
    /// Nil: its like is not looked for.
    package let dedupSeconds: Int?
    /// Nil: it is about no conversion.
    package let policy: ConversionPolicy?
    package let destinations: [Destination]
    /// The external id of the conversion in which this has counted before it was read again: only its status changes.
    package let countedIn: String?
    /// JSON.
    let fields: String
    /// Of the conversion that this event is about; nil: of none.
    let externalIDs: (base: String?, full: String?)

    /// - Parameters:
    ///   - id: of version 7; nil: a new one.
    ///   - happenedAt: nil: now.
    ///   - isTold: whether it goes to chats at all.
    package convenience init(
        _ postback: Postback, of profile: PostbackProfile, origin: PostbackOrigin, id: String? = nil,
        at createdAt: Timestamp = .now(), happenedAt: Timestamp? = nil, replayOf: String? = nil,
        countedIn: String? = nil, raw: String = "{}",
        isTold: Bool = true
    ) {
        let hasKey = !postback.clickID.isEmpty || !postback.transactionID.isEmpty
        let counts = hasKey && origin != .test
        self.init(
            id: id ?? TimeOrderedID.make(at: createdAt), createdAt: createdAt, happenedAt: happenedAt ?? createdAt,
            profileID: profile.id, trackerID: profile.trackerID, origin: origin, replayOf: replayOf, postback: postback,
            raw: raw,
            // Read again twice at one moment, it counts once.
            dedupSeconds: counts ? max(profile.dedupSeconds, origin == .replay ? 1 : 0) : nil,
            policy: counts ? profile.policy(for: postback.status) : nil,
            destinations: isTold ? RouteChoice.destinations(postback, profile, at: createdAt) : [],
            countedIn: counts ? countedIn : nil)
    }

    init(
        id: String, createdAt: Timestamp, happenedAt: Timestamp, profileID: Int64, trackerID: Int64?,
        origin: PostbackOrigin, replayOf: String?, postback: Postback, raw: String, dedupSeconds: Int?,
        policy: ConversionPolicy?, destinations: [Destination], countedIn: String?
    ) {
        self.id = id
        self.createdAt = createdAt
        self.happenedAt = happenedAt
        self.profileID = profileID
        self.trackerID = trackerID
        self.origin = origin
        self.replayOf = replayOf
        self.postback = postback
        self.raw = raw
        self.dedupSeconds = dedupSeconds
        self.policy = policy
        self.destinations = destinations
        self.countedIn = countedIn
        fields = Self.object(postback.fields)
        externalIDs =
            if policy == nil {
                (nil, nil)
            } else if let countedIn {
                (countedIn, nil)
            } else {
                ConversionChanges.externalIDs(
                    profileID: profileID, clickID: postback.clickID, transactionID: postback.transactionID)
            }
    }

    /// Names are there once each.
    private static func object(_ fields: [PostbackFields.Pair]) -> String {
        var out: [UInt8] = [UInt8(ascii: "{")]
        for (place, field) in fields.enumerated() {
            if place > 0 { out.append(UInt8(ascii: ",")) }
            JSON.write(field.name, into: &out)
            out.append(UInt8(ascii: ":"))
            JSON.write(field.value, into: &out)
        }
        out.append(UInt8(ascii: "}"))
        return String(decoding: out, as: UTF8.self)
    }
}

extension PostbackRow: Equatable {
    package static func == (left: PostbackRow, right: PostbackRow) -> Bool {
        left.id == right.id && left.createdAt == right.createdAt && left.happenedAt == right.happenedAt
            && left.profileID == right.profileID && left.trackerID == right.trackerID && left.origin == right.origin
            && left.replayOf == right.replayOf && left.postback == right.postback && left.raw == right.raw
            && left.dedupSeconds == right.dedupSeconds && left.policy == right.policy
            && left.destinations == right.destinations && left.countedIn == right.countedIn
            && left.fields == right.fields
    }
}

extension PostbackRow: JournaledRow {
    /// One row of a batch for each click, so that none finds its conversion changed by another of the same statement.
    package var key: [UInt8] {
        var key = withUnsafeBytes(of: profileID.bigEndian) { Array($0) }
        if dedupSeconds == nil {
            key.append(2)
            key += Array(id.utf8)
        } else if postback.clickID.isEmpty {
            key.append(1)
            key += Array(postback.transactionID.utf8)
        } else {
            key.append(0)
            key += Array(postback.clickID.utf8)
        }
        return key
    }

    package var size: Int { 512 + fields.utf8.count + raw.utf8.count + destinations.count * 64 }

    package func check() throws(PostgresError) {
        // PostgreSQL takes no NUL, in JSON not even escaped; entries of an index have room for 2,704 bytes. Fields are cut before.
        if raw.holdsNUL || fields.holdsNUL { throw .unfit("a NUL") }
        if postback.clickID.utf8.count + postback.transactionID.utf8.count + postback.status.name.utf8.count > 2_000 {
            throw .unfit("the ids are too long")
        }
    }

    package static var isRepeatable: Bool { true }

    /// A second event of a click waits for the next batch.
    package static func joined(_ earlier: PostbackRow, with later: PostbackRow) -> PostbackRow? { nil }

    package static func answers(
        to rows: [PostbackRow], from result: Rows
    ) throws(PostgresError) -> [PostbackReceipt] {
        var receipts = [PostbackReceipt?](repeating: nil, count: rows.count)
        for row in result {
            let place: Int = try row.get("place")
            let outcome: String = try row.get("verdict")
            guard receipts.indices.contains(place - 1), let outcome = PostbackOutcome(rawValue: outcome) else {
                continue
            }
            receipts[place - 1] = PostbackReceipt(outcome: outcome, conversionID: try row.get("conversion_id"))
        }
        let answers = receipts.compactMap { $0 }
        guard answers.count == rows.count else { throw .unfit("the statement said nothing about a postback") }
        return answers
    }
}

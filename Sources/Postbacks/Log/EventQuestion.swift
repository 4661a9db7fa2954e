import Base
import Frame
import HTTP
import Postgres
import Views

/// Which events a list, a live log, an export or a replay is about: the fields of a query string.
struct EventQuestion: Hashable, Sendable {
    enum Delivery: String, Sendable, CaseIterable { case any, delivered, waiting, failed, none }
    enum Outcome: String, Sendable, CaseIterable { case any, accepted, duplicate, unmapped, ignored, refused }

    /// A row's place in the order of time.
    struct Place: Hashable, Comparable, Sendable {
        /// Before all others.
        static let first = Place(at: Timestamp(microseconds: 0), id: "00000000-0000-0000-0000-000000000000")

        var at: Timestamp
        var id: String

        /// As in addresses and `Last-Event-ID`: microseconds and the id.
        var text: String { "\(at.microseconds)_\(id)" }

        init(at: Timestamp, id: String) {
            self.at = at
            self.id = id
        }

        init?(_ text: some StringProtocol) {
            let parts = text.split(separator: "_", maxSplits: 1)
            guard parts.count == 2, let at = Int64(parts[0]).map({ Timestamp(microseconds: $0) }), at.hasCommonYear,
                EventQuestion.isUUID(parts[1])
            else { return nil }
            self.init(at: at, id: String(parts[1]))
        }

        static func < (left: Place, right: Place) -> Bool { (left.at, left.id) < (right.at, right.id) }
    }

    var profileID: Int64?
    /// A stored name, or `other` for what has no name of ours; nil: all.
    var status: String?
    var delivery = Delivery.any
    var outcome = Outcome.any
    var text = ""
    var from: Timestamp?
    var until: Timestamp?
    var campaignID: String?
    /// Only what is older.
    var before: Place?
    /// The fields that are not empty, as they were given; without `before`.
    private(set) var given: [(name: String, value: String)] = []

    static func == (left: EventQuestion, right: EventQuestion) -> Bool { left.key == right.key }
    func hash(into hasher: inout Hasher) { hasher.combine(key) }
    private var key: [String] { given.flatMap { [$0.name, $0.value] } + [before?.text ?? ""] }

    static let statuses = ProfileInput.statuses + ["other"]
    static let names = ["profile", "status", "delivery", "outcome", "q", "from", "to", "campaign"]

    init(_ query: FormFields) throws {
        func text(_ name: String) -> String? {
            let text = String((query[name] ?? "").trimmingSpaces().prefix(200))
            return text.isEmpty || text.unicodeScalars.contains("\u{0}") ? nil : text
        }
        func word<Choice: RawRepresentable<String>>(_ name: String, _ usual: Choice) throws -> Choice {
            guard let text = text(name) else { return usual }
            guard let choice = Choice(rawValue: text) else {
                throw SettingFields.refuse(name, "postbacks.refused.choice", ["value": .string(text)])
            }
            return choice
        }
        func time(_ name: String) throws -> Timestamp? {
            guard let text = text(name) else { return nil }
            guard let time = Timestamp(iso8601: text.count == 10 ? text + "T00:00:00Z" : text, offsetWhenAbsent: 0),
                time.hasCommonYear
            else { throw SettingFields.refuse(name, "postbacks.refused.choice", ["value": .string(text)]) }
            return time
        }
        if let profile = text("profile") {
            guard let id = Int64(profile) else {
                throw SettingFields.refuse("profile", "postbacks.refused.choice", ["value": .string(profile)])
            }
            profileID = id
        }
        if let status = text("status"), status != "all" { self.status = status.lowercased() }
        delivery = try word("delivery", .any)
        outcome = try word("outcome", .any)
        self.text = text("q") ?? ""
        from = try time("from")
        until = try time("to")
        campaignID = text("campaign")
        before = query["before"].flatMap { Place($0) }
        given = Self.names.compactMap { name in text(name).map { (name, $0) } }
    }

    func value(_ name: String) -> String? { given.first { $0.name == name }?.value }

    /// The address of the same question at `path`, with further fields.
    func address(_ path: String, _ more: [(String, String)] = []) -> String {
        let fields = given.map { ($0.name, $0.value) } + more
        guard !fields.isEmpty else { return path }
        return path + "?" + fields.map { "\($0.0)=\(PercentCoding.encode($0.1))" }.joined(separator: "&")
    }

    static func isUUID(_ text: some StringProtocol) -> Bool {
        let bytes = Array(text.utf8)
        guard bytes.count == 36 else { return false }
        return bytes.enumerated().allSatisfy { place, byte in
            if [8, 13, 18, 23].contains(place) { return byte == UInt8(ascii: "-") }
            return (0x30...0x39).contains(byte) || (0x61...0x66).contains(byte) || (0x41...0x46).contains(byte)
        }
    }
}

extension Timestamp {
    /// Of the years that PostgreSQL, JSON and people write alike.
    var hasCommonYear: Bool { 1...9_999 ~= date.year }
}

/// Names one event: by its id, which every partition is asked for, or quicker by its place.
struct EventReference: Hashable, Sendable {
    let id: String
    let at: Timestamp?

    init?(_ text: String) {
        if let place = EventQuestion.Place(text) {
            id = place.id
            at = place.at
        } else if EventQuestion.isUUID(text) {
            id = text
            at = nil
        } else {
            return nil
        }
    }

    /// On an alias called `event`.
    var condition: SQL {
        at.map { "event.created_at = \($0) AND event.id = \(id)::uuid" } ?? "event.id = \(id)::uuid"
    }
}

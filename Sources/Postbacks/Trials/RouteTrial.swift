import Base

/// What stored postbacks would have told, under settings as they are and as they would be: mapping, dedup, routes, templates.
/// Give it the postbacks of some days in the order of their time, then ask. What came before those days, and still decides what is a
/// repetition, it learns first. Nothing is sent, nothing is read.
package struct RouteTrial: Sendable {
    /// One stored postback, as it came.
    package struct Stored: Sendable {
        package var at: Timestamp
        package var fields: PostbackFields
        /// What the Mirror knew then, where the postback itself did not say.
        package var campaignName: String
        package var offerName: String
        package var landingName: String
        /// False for what was found so late that nobody was told.
        package var isTold: Bool

        package init(
            at: Timestamp, fields: PostbackFields, campaignName: String = "", offerName: String = "",
            landingName: String = "", isTold: Bool = true
        ) {
            self.at = at
            self.fields = fields
            self.campaignName = campaignName
            self.offerName = offerName
            self.landingName = landingName
            self.isTold = isTold
        }
    }

    package struct Chat: Hashable, Sendable {
        package let chatID: Int64
        package let topicID: Int64?

        init(_ destination: Destination) {
            chatID = destination.chatID
            topicID = destination.topicID
        }
    }

    /// Under the settings as they are, and as they would be.
    package struct Change: Hashable, Sendable {
        package fileprivate(set) var before = 0
        package fileprivate(set) var after = 0

        fileprivate mutating func count(_ isAfter: Bool) {
            if isAfter { after += 1 } else { before += 1 }
        }
    }

    package struct ChatCounts: Hashable, Sendable {
        package let chat: Chat
        /// What the chat would get: a digest counts once.
        package fileprivate(set) var messages = Change()
        /// Postbacks it would hear of.
        package fileprivate(set) var postbacks = Change()
        /// Of them, those held into a digest.
        package fileprivate(set) var held = Change()
        /// Messages by day of the zone asked for, each day of the trial once.
        package fileprivate(set) var days: [(day: CivilDate, messages: Change)] = []
        /// The most messages in one minute, and the first such minute; nil without messages.
        package fileprivate(set) var busiestBefore: Minute?
        package fileprivate(set) var busiestAfter: Minute?

        package static func == (left: ChatCounts, right: ChatCounts) -> Bool {
            left.chat == right.chat && left.messages == right.messages && left.postbacks == right.postbacks
                && left.held == right.held && left.busiestBefore == right.busiestBefore
                && left.busiestAfter == right.busiestAfter
                && left.days.elementsEqual(right.days, by: { $0.day == $1.day && $0.messages == $1.messages })
        }

        package func hash(into hasher: inout Hasher) { hasher.combine(chat) }
    }

    package struct Minute: Hashable, Sendable {
        package let at: Timestamp
        package let messages: Int
    }

    /// A postback that would be told elsewhere, more, less or in other words.
    package struct Moved: Sendable {
        package let at: Timestamp
        /// Read under the new settings.
        package let postback: Postback
        package let before: [Destination]
        package let after: [Destination]
        /// Its message under the new settings, in the language of the first chat it would be told to; nil when none.
        package let message: String?
    }

    package struct Result: Sendable {
        /// Stored postbacks that were read.
        package let read: Int
        package let messages: Change
        /// Most messages first.
        package let chats: [ChatCounts]
        package let duplicates: Change
        /// Kept from their conversions by a policy, and so not told.
        package let ignored: Change
        /// With a status that neither a mapping nor an alias knows.
        package let unmapped: Change
        /// How many postbacks would be told to other chats, under another status, or not at all.
        package let moved: Int
        package let firstMoved: [Moved]
    }

    /// How many of the moved ones are shown.
    package static let movedLimit = 20

    private var before: Side
    private var after: Side
    private var read = 0
    private var duplicates = Change()
    private var ignored = Change()
    private var unmapped = Change()
    private var moved = 0
    private var firstMoved: [Moved] = []
    private var chats: [Chat: Tally] = [:]
    private var span: (first: Timestamp, last: Timestamp)?

    package init(before: PostbackProfile, after: PostbackProfile) {
        self.before = Side(before)
        self.after = Side(after)
    }

    /// How far before its days a trial asks what came; nil: as far as there is anything, for a policy asks which conversions there were.
    package var reach: Duration? {
        if before.conversions.isNeeded || after.conversions.isNeeded { return nil }
        // Twice, for the one before may have been a repetition itself.
        return .seconds(2 * max(before.profile.dedupSeconds, after.profile.dedupSeconds, 0))
    }

    /// One that came before the days that are tried; those of one click in the order of their time, before the click's first.
    package mutating func learn(_ stored: Stored) {
        _ = before.take(stored)
        _ = after.take(stored)
    }

    /// The next one by time.
    package mutating func add(_ stored: Stored) {
        read += 1
        span = (span?.first ?? stored.at, stored.at)
        let old = told(stored, before.take(stored), before.profile, isAfter: false)
        let new = told(stored, after.take(stored), after.profile, isAfter: true)
        let isSame = old.chosen == new.chosen && (old.postback.status == new.postback.status || new.chosen.isEmpty)
        guard !isSame else { return }
        moved += 1
        guard firstMoved.count < Self.movedLimit else { return }
        let message = new.chosen.first.map {
            PostbackMessage.html(new.postback, language: $0.language, templates: after.profile.templates)
        }
        firstMoved.append(
            Moved(at: stored.at, postback: new.postback, before: old.chosen, after: new.chosen, message: message))
    }

    /// - Parameter clock: of the zone whose days are counted.
    package func result(in clock: ZoneClock) -> Result {
        let days = span.map { Self.days(from: clock.date(at: $0.first), to: clock.date(at: $0.last)) } ?? []
        let counts = chats.map { $1.counts($0, days: days, clock) }.sorted { left, right in
            (right.messages.after, right.messages.before, left.chat.chatID, left.chat.topicID ?? 0)
                < (left.messages.after, left.messages.before, right.chat.chatID, right.chat.topicID ?? 0)
        }
        var messages = Change()
        for chat in counts {
            messages.before += chat.messages.before
            messages.after += chat.messages.after
        }
        return Result(
            read: read, messages: messages, chats: counts, duplicates: duplicates, ignored: ignored, unmapped: unmapped,
            moved: moved, firstMoved: firstMoved)
    }

    private mutating func told(
        _ stored: Stored, _ taken: (postback: Postback, fate: Fate), _ profile: PostbackProfile, isAfter: Bool
    ) -> (postback: Postback, chosen: [Destination]) {
        let postback = taken.postback
        if !postback.isMapped { unmapped.count(isAfter) }
        switch taken.fate {
        case .counts: break
        case .duplicate: duplicates.count(isAfter)
        case .ignored: ignored.count(isAfter)
        }
        // While a profile is paused nobody is told. One that is paused now was not when these came.
        let isPaused = isAfter && before.profile.isEnabled && !profile.isEnabled
        guard taken.fate == .counts, stored.isTold, !isPaused else { return (postback, []) }
        let chosen = RouteChoice.destinations(postback, profile, at: stored.at)
        for destination in chosen {
            chats[Chat(destination), default: Tally()].add(destination, at: stored.at, isAfter: isAfter)
        }
        return (postback, chosen)
    }

    private enum Fate { case counts, duplicate, ignored }

    /// Settings, and what they make of what came so far.
    private struct Side: Sendable {
        let profile: PostbackProfile
        var seen: DedupWindow
        var conversions: TriedConversions

        init(_ profile: PostbackProfile) {
            self.profile = profile
            seen = DedupWindow(seconds: profile.dedupSeconds)
            conversions = TriedConversions(for: profile)
        }

        mutating func take(_ stored: Stored) -> (postback: Postback, fate: Fate) {
            var postback = PostbackReading.read(stored.fields, for: profile)
            if postback.campaignName.isEmpty { postback.campaignName = stored.campaignName }
            if postback.offerName.isEmpty { postback.offerName = stored.offerName }
            if postback.landingName.isEmpty { postback.landingName = stored.landingName }
            if seen.holds(postback, at: stored.at) { return (postback, .duplicate) }
            return (postback, conversions.ignores(postback, of: profile) ? .ignored : .counts)
        }
    }

    private static func days(from first: CivilDate, to last: CivilDate) -> [CivilDate] {
        // A year is more than any raw log holds.
        (first.daysSince1970...max(first.daysSince1970, min(last.daysSince1970, first.daysSince1970 + 366)))
            .map { CivilDate(daysSince1970: $0) }
    }

    /// What one chat would get.
    private struct Tally: Sendable {
        var postbacks = Change()
        var held = Change()
        /// By minute since 1970.
        var minutes: [Int64: Change] = [:]
        var digestsBefore: Set<Timestamp> = []
        var digestsAfter: Set<Timestamp> = []

        mutating func add(_ destination: Destination, at moment: Timestamp, isAfter: Bool) {
            postbacks.count(isAfter)
            var sentAt = moment
            if let until = destination.heldUntil {
                held.count(isAfter)
                let isFirst = isAfter ? digestsAfter.insert(until).inserted : digestsBefore.insert(until).inserted
                guard isFirst else { return }
                sentAt = until
            }
            minutes[sentAt.seconds / 60, default: Change()].count(isAfter)
        }

        func counts(_ chat: Chat, days: [CivilDate], _ clock: ZoneClock) -> ChatCounts {
            var counts = ChatCounts(chat: chat)
            counts.postbacks = postbacks
            counts.held = held
            var byDay: [CivilDate: Change] = Dictionary(uniqueKeysWithValues: days.map { ($0, Change()) })
            for (minute, change) in minutes {
                counts.messages.before += change.before
                counts.messages.after += change.after
                let day = clock.date(at: Timestamp(seconds: minute * 60))
                byDay[day, default: Change()].before += change.before
                byDay[day, default: Change()].after += change.after
            }
            counts.days = byDay.sorted { $0.key < $1.key }.map { (day: $0.key, messages: $0.value) }
            counts.busiestBefore = busiest(\.before)
            counts.busiestAfter = busiest(\.after)
            return counts
        }

        private func busiest(_ count: KeyPath<Change, Int>) -> Minute? {
            let most = minutes.max { left, right in
                (left.value[keyPath: count], right.key) < (right.value[keyPath: count], left.key)
            }
            guard let most, most.value[keyPath: count] > 0 else { return nil }
            return Minute(at: Timestamp(seconds: most.key * 60), messages: most.value[keyPath: count])
        }
    }
}

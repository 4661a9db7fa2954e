import Base
import Frame
import HTTP
import Keitaro
import Views

/// What a browser sees of a profile's tracker: Keitaro's log beside ours, and where the URL stands.
struct TrackerPages: Sendable {
    let frame: Frame

    // MARK: Reconciliation

    func reconciliation(
        _ silences: [ReconciliationStore.Silence], _ days: [ReconciliationStore.Day],
        _ differences: [ReconciliationStore.StoredDifference], comparable: [ReconciliationStore.NamedProfile],
        older: String?,
        narrowed: Bool, wasOrdered: Bool, to request: Request
    ) throws -> Response {
        let words = frame.words(for: request)
        let token = ViewValue.string(request[Viewer.self]?.csrfToken ?? "")
        let names = Dictionary(days.map { ($0.profileID, $0.profileName) }, uniquingKeysWith: { first, _ in first })
        let context: ViewValue = [
            "tab_reconciliation": true, "csrf_token": token, "has_days": .bool(!days.isEmpty),
            "was_ordered": .bool(wasOrdered),
            "is_narrowed": .bool(narrowed), "older_href": ViewValue(older),
            "silences": .list(silences.map { silence($0, words) }), "unheard": .list(unheard(silences, days, words)),
            "days": .list(days.map { day($0, words) }), "has_differences": .bool(!differences.isEmpty),
            "differences": .list(differences.map { difference($0, names, words) }),
            "helps": .list(
                ConversionDifference.Kind.allCases.filter { kind in differences.contains { $0.kind == kind } }.map {
                    kind in
                    [
                        "kind_word": .string(words("reconciliation.kind.\(kind.rawValue)")),
                        "text": .string(words("reconciliation.help.\(kind.rawValue)")),
                    ]
                }),
            "can_run": .bool(!comparable.isEmpty), "comparable": .list(comparable.map(Self.choice)),
            "only": comparable.count == 1 ? Self.choice(comparable[0]) : nil,
        ]
        return try frame.page(
            "postbacks_reconciliation", context, title: words("reconciliation.title"),
            at: .postbackReconciliation, to: request)
    }

    private static func choice(_ profile: ReconciliationStore.NamedProfile) -> ViewValue {
        PostbackPages.choice(String(profile.id), profile.name, isCurrent: false)
    }

    private func silence(_ silence: ReconciliationStore.Silence, _ words: Words) -> ViewValue {
        [
            "sentence": .string(
                words(
                    "reconciliation.silent",
                    ["name": .string(silence.profileName), "time": .string(words.utc(silence.since))])),
            "href": .string("/postbacks/?profile=\(silence.profileID)"),
        ]
    }

    /// Profiles whose alarms could be told to nobody, each once.
    private func unheard(
        _ silences: [ReconciliationStore.Silence], _ days: [ReconciliationStore.Day], _ words: Words
    ) -> [ViewValue] {
        var profiles: [(id: Int64, name: String)] = []
        let found =
            silences.filter { $0.announcedAt == nil }.map { ($0.profileID, $0.profileName) }
            + days.filter { $0.unheard > 0 }.map { ($0.profileID, $0.profileName) }
        for (id, name) in found where !profiles.contains(where: { $0.id == id }) { profiles.append((id, name)) }
        return profiles.map { profile in
            [
                "sentence": .string(words("reconciliation.unheard", ["name": .string(profile.name)])),
                "href": .string("/postbacks/profiles/\(profile.id)/"),
            ]
        }
    }

    private func day(_ day: ReconciliationStore.Day, _ words: Words) -> ViewValue {
        func count(_ name: String) -> ViewValue { Self.count(day.open[name] ?? 0, words) }
        let gap = day.gapPercent
        return [
            "day": .string(Self.date(day.day, words)), "profile": .string(day.profileName),
            "profile_id": .integer(day.profileID),
            "theirs": Self.count(day.theirs, words), "ours": Self.count(day.ours, words),
            "matching": Self.count(day.matching, words), "never_arrived": count("never_arrived"),
            "status_lag": count("status_lag"), "amount": count("amount"), "unknown_click": count("unknown_click"),
            "recovered": Self.count(day.recovered, words),
            "gap": .string(words.numbers.percent(gap, places: 1)),
            "is_good": .bool(gap.map { $0 <= 2 } ?? false), "is_wide": .bool(gap.map { $0 > 2 && $0 <= 5 } ?? false),
            "is_bad": .bool(gap.map { $0 > 5 } ?? false), "checked": words.time(day.checkedAt),
            "error": ViewValue(day.error.map { $0 == "key_refused" ? words("error.keitaro.refused_key") : $0 }),
            "href": .string("/postbacks/reconciliation/?profile=\(day.profileID)&day=\(day.day)"),
        ]
    }

    private func difference(
        _ difference: ReconciliationStore.StoredDifference, _ names: [Int64: String], _ words: Words
    ) -> ViewValue {
        // Keitaro's words stay Keitaro's.
        func side(_ json: JSON?, _ word: (String) -> String) -> String {
            guard let json, let status = json["status"]?.stringValue else { return NumberFormat.missing }
            let revenue = json["revenue"]?.stringValue.flatMap { DecimalNumber(text: $0) }
            return revenue.map { "\(word(status)) · \(words.numbers.number($0, places: 2))" } ?? word(status)
        }
        let outcome =
            difference.recoveredAt != nil ? "recovered" : difference.settledAt != nil ? "came_late" : "open"
        return [
            "kind_word": .string(words("reconciliation.kind.\(difference.kind.rawValue)")),
            "profile": .string(names[difference.profileID] ?? ""), "day": .string(Self.date(difference.day, words)),
            "click_href": .string(
                "/postbacks/?profile=\(difference.profileID)&q="
                    + PercentCoding.encode(difference.clickID.isEmpty ? difference.transactionID : difference.clickID)),
            "click": .string(difference.clickID), "transaction": .string(difference.transactionID),
            "campaign": .string(difference.theirs["campaign"]?.stringValue ?? ""),
            "theirs": .string(side(difference.theirs) { $0 }),
            "ours": .string(side(difference.ours) { PostbackPages.statusWord($0, words) }),
            "outcome_word": .string(words("reconciliation.outcome.\(outcome)")),
            "is_recovered": .bool(outcome == "recovered"), "is_open": .bool(outcome == "open"),
            "found": words.time(difference.foundAt),
        ]
    }

    // MARK: Installation

    func installation(
        _ profile: PostbackProfile, _ places: [InstalledPostbacks.Place], _ shown: TrackerRoutes.ShownPlan?,
        sources: [KeitaroTrafficSource], campaigns: [(id: Int64, name: String)], asked: (kind: String, target: String),
        done: String?, to request: Request
    ) throws -> Response {
        let words = frame.words(for: request)
        let notice: String? =
            switch done {
            case "installed": words("installation.done")
            case "waiting": words("installation.waits")
            default: nil
            }
        let chosen = Set(shown?.statuses ?? PostbackInstallation.statuses)
        let context: ViewValue = [
            "csrf_token": .string(request[Viewer.self]?.csrfToken ?? ""), "profile_id": .integer(profile.id),
            "profile_name": .string(profile.name), "notice": ViewValue(notice), "target": .string(asked.target),
            "is_campaign": .bool(asked.kind != "source"), "is_source": .bool(asked.kind == "source"),
            "is_post": .bool(shown?.method == "POST"),
            "campaign_choices": .list(campaigns.map { ["value": .string("\($0.id) · \($0.name)")] }),
            "source_choices": .list(sources.map { ["value": .string("\($0.id) · \($0.name)")] }),
            "status_choices": .list(
                PostbackInstallation.statuses.map { ["value": .string($0), "is_chosen": .bool(chosen.contains($0))] }),
            "has_places": .bool(!places.isEmpty), "places": .list(places.map { place($0, words) }),
            "plan": shown.map { plan($0, profile, request, words) } ?? nil,
        ]
        return try frame.page(
            "postbacks_installation", context, title: words("installation.title", ["name": .string(profile.name)]),
            at: .postbackProfiles, to: request)
    }

    private func place(_ place: InstalledPostbacks.Place, _ words: Words) -> ViewValue {
        [
            "kind_word": .string(words("installation.kind.\(place.kind.rawValue)")), "keitaro_id": .integer(place.id),
            "name": .string(place.name), "statuses": .string(place.statuses.sorted().joined(separator: ", ")),
            "since": words.time(place.since), "is_gone": .bool(place.goneAt != nil),
        ]
    }

    private func plan(
        _ shown: TrackerRoutes.ShownPlan, _ profile: PostbackProfile, _ request: Request, _ words: Words
    ) -> ViewValue {
        [
            "csrf_token": .string(request[Viewer.self]?.csrfToken ?? ""), "profile_id": .integer(profile.id),
            "kind": .string(shown.kind.rawValue), "target": .integer(shown.id), "method": .string(shown.method),
            "revision": .string(shown.plan.revision),
            "statuses": .list(shown.statuses.map { ["value": .string($0)] }),
            "title": .string(
                words("installation.plan_of.\(shown.kind.rawValue)", ["name": .string(shown.name)])),
            "sentence": .string(words("installation.deed.\(shown.plan.deed.rawValue)")),
            "can_order": .bool(shown.plan.deed == .add || shown.plan.deed == .replace),
            "lines": .list(
                shown.plan.lines.map { line in
                    [
                        "fate_word": .string(words("installation.fate.\(line.fate.rawValue)")),
                        "is_added": .bool(line.fate == .added || line.fate == .changed),
                        "is_removed": .bool(line.fate == .removed), "address": .string(line.address),
                        "method": .string(line.method), "statuses": .string(line.statuses.joined(separator: ", ")),
                        "is_ours": .bool(line.isOurs),
                    ]
                }),
        ]
    }

    // MARK: Texts

    private static func count(_ count: Int, _ words: Words) -> ViewValue {
        ["text": .string(words.numbers.number(Int64(count))), "is_zero": .bool(count == 0)]
    }

    /// Of a day as it is stored.
    private static func date(_ day: String, _ words: Words) -> String {
        guard let date = Timestamp(iso8601: day, offsetWhenAbsent: 0)?.date else { return day }
        return words.dates.date(date)
    }
}

extension ReconciliationStore.Day {
    /// Of what Keitaro was to post here, how much did not arrive as it should; nil where there was nothing.
    var gapPercent: Double? {
        guard theirs > 0 else { return nil }
        let unknown = open["unknown_click"] ?? 0
        let differing = open.values.reduce(0, +) + recovered
        return min(Double(differing) * 100 / Double(theirs + unknown), 100)
    }
}

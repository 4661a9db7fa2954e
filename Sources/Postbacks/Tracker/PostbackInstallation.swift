import Base
import Keitaro

/// What putting a profile's URL into Keitaro changes: decided from what is there now, shown before it is done. Pure.
///
/// A campaign posts to any number of addresses, all of which stay. A traffic source has one: where it is somebody else's, ours is
/// refused, for nothing is ever overwritten.
package struct PostbackInstallation: Hashable, Sendable {
    package enum Place: Hashable, Sendable {
        case campaign([KeitaroPostback])
        /// Empty: it posts nowhere.
        case source(url: String, statuses: [String])
    }

    package enum Deed: String, Hashable, Sendable {
        case add
        /// The profile's URL is there, with an earlier secret, other macros or other statuses.
        case replace
        /// All is as it should be.
        case nothing
        /// The source's only address is somebody else's.
        case taken
    }

    /// One line of what is shown.
    package struct Line: Hashable, Sendable {
        package enum Fate: String, Hashable, Sendable {
            case kept, added, changed, removed
        }

        package let fate: Fate
        /// Without what may be secret.
        package let address: String
        package let method: String
        package let statuses: [String]
        package let isOurs: Bool
    }

    /// Keitaro's words; all of them unless somebody chooses fewer.
    package static let statuses = ["lead", "sale", "rejected", "rebill"]

    package let deed: Deed
    package let lines: [Line]
    /// The campaign's whole set as it will be.
    package let postbacks: [KeitaroPostback]
    /// Of what is there now and what is wanted: an order that names another one was made for something else.
    package let revision: String

    /// - Parameters:
    ///   - isOwn: whether an address holds a secret of this profile, the present or the one before.
    package init(at place: Place, url: String, method: String, statuses: [String], isOwn: (String) -> Bool) {
        let wanted = KeitaroPostback(method: method, statuses: statuses, url: url)
        switch place {
        case .campaign(let present):
            (deed, lines, postbacks) = Self.inCampaign(present, wanted, isOwn)
            revision = Self.revision(present, wanted)
        case .source(let address, let former):
            let present = address.isEmpty ? [] : [KeitaroPostback(method: "GET", statuses: former, url: address)]
            revision = Self.revision(present, wanted)
            if let other = present.first, !isOwn(other.url) {
                deed = .taken
                lines = [Self.line(other, .kept, isOwn)]
                postbacks = present
            } else {
                let asked = KeitaroPostback(method: "GET", statuses: statuses, url: url)
                (deed, lines, postbacks) = Self.inCampaign(present, asked, isOwn)
            }
        }
    }

    private static func inCampaign(
        _ present: [KeitaroPostback], _ wanted: KeitaroPostback, _ isOwn: (String) -> Bool
    ) -> (Deed, [Line], [KeitaroPostback]) {
        var postbacks: [KeitaroPostback] = []
        var lines: [Line] = []
        var deed = Deed.add
        for postback in present {
            guard isOwn(postback.url) else {
                postbacks.append(postback)
                lines.append(line(postback, .kept, isOwn))
                continue
            }
            // A second one of ours would announce everything twice.
            guard deed == .add else {
                deed = .replace
                lines.append(line(postback, .removed, isOwn))
                continue
            }
            let isRight = postback.sendsAs(wanted)
            let changed = postback.with(url: wanted.url, method: wanted.method, statuses: wanted.statuses)
            deed = isRight ? .nothing : .replace
            postbacks.append(isRight ? postback : changed)
            lines.append(line(changed, isRight ? .kept : .changed, isOwn))
        }
        if deed == .add {
            postbacks.append(wanted)
            lines.append(line(wanted, .added, { _ in true }))
        }
        return (deed, lines, postbacks)
    }

    /// Whether Keitaro's answer is what was meant: all that was there, ours once, nothing else. Order and numbers don't count.
    package func isFulfilled(by answer: [KeitaroPostback]) -> Bool {
        var rest = answer
        for postback in postbacks {
            guard let place = rest.firstIndex(where: { $0.sendsAs(postback) }) else { return false }
            rest.remove(at: place)
        }
        return rest.isEmpty
    }

    private static func line(_ postback: KeitaroPostback, _ fate: Line.Fate, _ isOwn: (String) -> Bool) -> Line {
        Line(
            fate: fate, address: ShownAddress.text(postback.url), method: postback.method,
            statuses: postback.statuses, isOurs: isOwn(postback.url))
    }

    private static func revision(_ present: [KeitaroPostback], _ wanted: KeitaroPostback) -> String {
        let parts = (present + [wanted]).map { postback in
            "\(postback.id ?? 0) \(postback.method) \(postback.statuses.joined(separator: ",")) \(postback.url)"
        }
        return String(Hex.encode(SHA256.hash(parts.joined(separator: "\n"))).prefix(16))
    }
}

/// An address of somebody else's postback, for people: where it leads, without what may be a secret of theirs.
package enum ShownAddress {
    package static func text(_ url: String) -> String {
        let parts = url.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        guard let scheme = parts.first?.firstRange(of: "://"), let head = parts.first else { return "…" }
        let rest = head[scheme.upperBound...].split(separator: "/", omittingEmptySubsequences: false)
        // Whoever writes a password before the host means it for Keitaro alone.
        let host = rest.first.map { $0.split(separator: "@").last ?? "" } ?? ""
        let path = rest.dropFirst().map(segment).joined(separator: "/")
        var text = "\(head[..<scheme.upperBound])\(host)"
        if rest.count > 1 { text += "/\(path)" }
        if parts.count > 1 {
            let names = parts[1].split(separator: "&").map(field)
            text += "?" + names.joined(separator: "&")
        }
        return text.count > 240 ? "\(text.prefix(240))…" : text
    }

    /// Long runs of letters with digits are tokens; so is what follows `bot` in Telegram's addresses.
    private static func segment(_ segment: Substring) -> String {
        let isToken = segment.utf8.count >= 12 && segment.utf8.contains { 48...57 ~= $0 } || segment.contains(":")
        return isToken ? "\(segment.prefix(3))…" : String(segment)
    }

    /// Macros are no secret, all other values may be.
    private static func field(_ field: Substring) -> String {
        let sides = field.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        guard sides.count == 2, let name = sides.first, let value = sides.last else {
            return String(field.prefix(3)) + "…"
        }
        return value.isEmpty || value.hasPrefix("{") && value.hasSuffix("}") ? String(field) : "\(name)=…"
    }
}

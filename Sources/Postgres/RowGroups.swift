/// Rows with the same key become one, in order of their keys' bytes. Pure.
struct RowGroups<Row: GroupedRow> {
    /// An object, for a row may be large and its place changes several times.
    final class Member: Sendable {
        let ticket: UInt64
        let key: [UInt8]
        let row: Row

        init(ticket: UInt64, key: [UInt8], row: Row) {
            self.ticket = ticket
            self.key = key
            self.row = row
        }
    }

    /// Rows of one key, the first first, and the one that stands for them.
    struct Group {
        /// Stands for all of them: the only one, or what they were joined to.
        var whole: Member
        var members: [Member]

        var key: [UInt8] { whole.key }
    }

    private(set) var groups: [Group] = []

    init(_ groups: some Sequence<Group>) { self.groups = Array(groups) }

    /// Takes members in order as long as `limit` allows.
    /// - Returns: besides the groups, those who must wait: one whose row can't be joined, and all of its key after it.
    static func gather(
        _ members: some Sequence<Member>, rows: Int, bytes: Int
    ) -> (groups: RowGroups, left: [Member]) {
        var groups: [Group] = []
        var places: [[UInt8]: Int] = [:]
        var blocked: Set<[UInt8]> = []
        var left: [Member] = []
        var taken = 0
        for member in members {
            guard !blocked.contains(member.key) else {
                left.append(member)
                continue
            }
            if let place = places[member.key] {
                if let joined = Row.joined(groups[place].whole.row, with: member.row) {
                    groups[place].whole = Member(ticket: member.ticket, key: member.key, row: joined)
                    groups[place].members.append(member)
                } else {
                    blocked.insert(member.key)
                    left.append(member)
                }
            } else if groups.count < rows, groups.isEmpty || taken + member.row.size <= bytes {
                places[member.key] = groups.count
                groups.append(Group(whole: member, members: [member]))
                taken += member.row.size
            } else {
                blocked.insert(member.key)
                left.append(member)
            }
        }
        groups.sort { $0.key.lexicographicallyPrecedes($1.key) }
        return (RowGroups(groups), left)
    }

    var rows: [Row] { groups.map(\.whole.row) }
    var senderCount: Int { groups.reduce(0) { $0 + $1.members.count } }
    var members: some Sequence<Member> { groups.lazy.flatMap(\.members) }

    /// Two halves; rows of one key come apart last, the earlier in the first half. Nil for a row that stands alone.
    var halves: (RowGroups, RowGroups)? {
        if groups.count > 1 {
            return (RowGroups(groups[..<(groups.count / 2)]), RowGroups(groups[(groups.count / 2)...]))
        }
        guard let group = groups.first, group.members.count > 1 else { return nil }
        let middle = group.members.count / 2
        return (Self.regrouped(group.members[..<middle]), Self.regrouped(group.members[middle...]))
    }

    private static func regrouped(_ members: ArraySlice<Member>) -> RowGroups {
        guard let first = members.first else { return RowGroups([]) }
        // They could be joined before, in this order.
        let row = members.dropFirst().reduce(first.row) { Row.joined($0, with: $1.row) ?? $0 }
        let whole = members.count == 1 ? first : Member(ticket: first.ticket, key: first.key, row: row)
        return RowGroups([Group(whole: whole, members: Array(members))])
    }
}

/// The members of a JSON object in their order, each key once. Made for objects of tens of members: a look-up walks.
/// Two objects with the same members are equal in whatever order.
package struct JSONObject: Sendable {
    package struct Member: Hashable, Sendable {
        package var key: String
        package var value: JSON

        package init(key: String, value: JSON) {
            self.key = key
            self.value = value
        }
    }

    package private(set) var members: [Member]

    package init() {
        members = []
    }

    /// Of members with one key, the last one's value stays, at the first one's place.
    package init(_ members: [Member]) {
        self.members = Self.unique(members)
    }

    package var count: Int { members.count }
    package var isEmpty: Bool { members.isEmpty }
    package var keys: [String] { members.map(\.key) }

    /// Nil when there is no such member. A new member goes last; setting nil removes.
    package subscript(_ key: String) -> JSON? {
        get { members.first { $0.key == key }?.value }
        set {
            let index = members.firstIndex { $0.key == key }
            switch (index, newValue) {
            case (let index?, let value?): members[index].value = value
            case (let index?, nil): members.remove(at: index)
            case (nil, let value?): members.append(Member(key: key, value: value))
            case (nil, nil): break
            }
        }
    }

    /// A stranger may send a hundred thousand keys: beyond a handful, comparing each with each would take minutes.
    private static func unique(_ members: [Member]) -> [Member] {
        if members.count <= 12 {
            for (index, member) in members.enumerated()
            where members[..<index].contains(where: { $0.key == member.key }) {
                return uniqueByHash(members)
            }
            return members
        }
        return uniqueByHash(members)
    }

    private static func uniqueByHash(_ members: [Member]) -> [Member] {
        var places: [String: Int] = [:]
        places.reserveCapacity(members.count)
        var result: [Member] = []
        result.reserveCapacity(members.count)
        for member in members {
            if let place = places[member.key] {
                result[place].value = member.value
            } else {
                places[member.key] = result.count
                result.append(member)
            }
        }
        return result
    }
}

extension JSONObject: Hashable {
    package static func == (left: JSONObject, right: JSONObject) -> Bool {
        guard left.count == right.count else { return false }
        if left.members == right.members { return true }
        let index = Dictionary(right.members.map { ($0.key, $0.value) }, uniquingKeysWith: { _, last in last })
        return left.members.allSatisfy { index[$0.key] == $0.value }
    }

    package func hash(into hasher: inout Hasher) {
        // Summed, so that the order does not count.
        hasher.combine(members.reduce(0) { $0 &+ $1.hashValue })
    }
}

extension JSONObject: Sequence {
    package func makeIterator() -> IndexingIterator<[Member]> { members.makeIterator() }
}

extension JSONObject: ExpressibleByDictionaryLiteral {
    package init(dictionaryLiteral elements: (String, JSON)...) {
        self.init(elements.map { Member(key: $0.0, value: $0.1) })
    }
}

/// Named values of a page: a short array in the order of writing, searched by hash.
///
/// Measured against a dictionary and an array keyed by `String` (300 rows of 20 fields): the array of hashes is quickest
/// to build and to read, since a row is built once and read once. A name given twice: the first one counts.
package struct ViewObject: Hashable, Sendable, ExpressibleByDictionaryLiteral {
    struct Entry: Hashable, Sendable {
        let key: ViewKey
        var value: ViewValue
    }

    private(set) var entries: [Entry]

    package init() { entries = [] }

    package init(dictionaryLiteral elements: (ViewKey, ViewValue)...) { self.init(elements) }

    init(_ elements: [(ViewKey, ViewValue)]) {
        entries = elements.map { Entry(key: $0.0, value: $0.1) }
    }

    package var isEmpty: Bool { entries.isEmpty }

    /// Setting nil takes the name away; setting `.null` keeps it, and hides the same name further out.
    package subscript(_ key: ViewKey) -> ViewValue? {
        get {
            for entry in entries where entry.key == key { return entry.value }
            return nil
        }
        set {
            let place = entries.firstIndex { $0.key == key }
            switch (place, newValue) {
            case (let place?, let value?): entries[place].value = value
            case (let place?, nil): entries.remove(at: place)
            case (nil, let value?): entries.append(Entry(key: key, value: value))
            case (nil, nil): break
            }
        }
    }

    /// These values with `other`'s laid over them.
    package func merging(_ other: ViewObject) -> ViewObject {
        var merged = self
        for entry in other.entries { merged[entry.key] = entry.value }
        return merged
    }
}

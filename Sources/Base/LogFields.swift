/// The keys and values of a log record, in their order. A nil value leaves its key out.
package struct LogFields: ExpressibleByDictionaryLiteral, Sendable {
    package private(set) var pairs: [(key: String, value: String)] = []

    package init() {}

    package init(dictionaryLiteral elements: (String, String?)...) {
        pairs.reserveCapacity(elements.count)
        for (key, value) in elements { append(key, value) }
    }

    package mutating func append(_ key: String, _ value: String?) {
        if let value { pairs.append((key, value)) }
    }
}

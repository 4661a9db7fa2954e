import Base

/// One file of `Migrations/`.
struct Migration: Hashable, Sendable {
    let name: String
    let text: String
    /// SHA-256 of the file, hexadecimal.
    let checksum: String

    init(name: String, text: String) {
        self.name = name
        self.text = text
        checksum = Hex.encode(SHA256.hash(text))
    }

    /// Nil unless the name is four digits, an underscore, some small letters, digits and underscores, and `.sql`.
    var number: Int? {
        let stem = name.utf8.dropLast(4)
        guard name.hasSuffix(".sql"), stem.count > 5, stem.dropFirst(4).first == UInt8(ascii: "_") else { return nil }
        let rest = stem.dropFirst(5)
        let isPlain = rest.allSatisfy { byte in
            byte == UInt8(ascii: "_") || 48...57 ~= byte || 97...122 ~= byte
        }
        let digits = stem.prefix(4)
        guard isPlain, digits.allSatisfy({ 48...57 ~= $0 }) else { return nil }
        return Int(String(decoding: digits, as: UTF8.self))
    }
}

/// What is left to apply. Pure.
enum MigrationPlan {
    struct Applied: Hashable, Sendable {
        let name: String
        let checksum: String
    }

    /// Checks the files by themselves, then against what the database has.
    static func pending(files: [Migration], applied: [Applied]) throws(MigrationError) -> [Migration] {
        let files = files.sorted { $0.name < $1.name }
        var previous: Migration?
        for (index, file) in files.enumerated() {
            guard let number = file.number else { throw .badName(file.name) }
            if let previous, previous.number == number { throw .duplicateNumber(previous.name, file.name) }
            guard number == index + 1 else { throw .gap(after: index, next: file.name) }
            previous = file
        }
        let known = Dictionary(files.map { ($0.name, $0) }) { first, _ in first }
        var last: Applied?
        for entry in applied.sorted(by: { $0.name < $1.name }) {
            guard let file = known[entry.name] else { throw .missing(entry.name) }
            guard file.checksum == entry.checksum else { throw .changed(entry.name) }
            last = entry
        }
        let done = Set(applied.map(\.name))
        let pending = files.filter { !done.contains($0.name) }
        if let first = pending.first, let last, first.name < last.name {
            throw .outOfOrder(first.name, applied: last.name)
        }
        return pending
    }
}

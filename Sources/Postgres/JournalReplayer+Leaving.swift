import Base

/// Rows that can't be replayed: those nobody here knows stay where they are, those at fault are put aside.
extension JournalReplayer {
    /// The rows of a file that have handlers; nil when it holds none but others. Those others get a file of their own first, and that stays
    /// until a process comes that knows them.
    func claimed(
        _ contents: JournalRecord.Contents, of number: Int, _ path: String, _ name: String
    ) async throws -> [JournalRecord.Contents.Entry]? {
        let unknown = contents.entries.filter { handlers[$0.record.kind] == nil }
        guard !unknown.isEmpty else { return contents.entries }
        let kinds = Set(unknown.map(\.record.kind)).sorted().joined(separator: ", ")
        var place = path
        if unknown.count < contents.entries.count {
            // The same number each time, should this process die before the file is done.
            place = JournalWriter.path(journal.directory.path(name), number &+ JournalDirectory.leftFrom)
            let (target, records) = (place, unknown.map(\.record))
            try await blocking {
                Result { () throws(SystemError) in
                    try FileSystem.write(JournalRecord.file(of: records), to: target, mode: 0o600)
                }
            }.get()
        }
        left.insert(place)
        log.error(
            "rows of the journal stay in it, for nothing here can replay their kind",
            ["kinds": kinds, "rows": "\(unknown.count)", "journal": name])
        return place == path ? nil : contents.entries.filter { handlers[$0.record.kind] != nil }
    }

    /// What a dead process's journal holds. A file that was counted once is not read again.
    func count(_ segments: [(number: Int, path: String)], of name: String) async {
        let known = orphans[name] ?? [:]
        orphans[name] = await blocking {
            segments.reduce(into: [:]) { $0[$1.path] = known[$1.path] ?? JournalBacklog(path: $1.path) }
        }
        tellOrphans()
    }

    func tellOrphans() { journal.setOrphans(orphans.values.flatMap(\.values).reduce(JournalBacklog(), +)) }

    // MARK: Parking

    func park(_ record: JournalRecord, _ name: String, _ reason: String) async throws {
        log.error(
            "a row of the journal can't be replayed and was put aside",
            ["kind": record.kind, "file": "journal/parked/\(name)", "error": reason])
        try await park(Array("\(record.kind)\n\(reason)\n".utf8) + record.payload, as: name)
    }

    func park(_ content: [UInt8], as name: String) async throws {
        let directory = journal.directory.parked
        let count = try await blocking {
            Result { () throws(SystemError) in
                try FileSystem.makeDirectories(directory, mode: 0o700)
                try FileSystem.write(content, to: "\(directory)/\(name)", mode: 0o600)
                return try FileSystem.list(directory).count
            }
        }.get()
        journal.count { $0.parked = count }
    }
}

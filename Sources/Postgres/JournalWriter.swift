import Base
import Glibc

/// The files of one journal, written by its thread alone: appends, and says for each row whether it is on the disk.
struct JournalWriter {
    private let disk: JournalDisk
    private let directory: String
    private let settings: Journal.Settings
    private var descriptor: Int32 = -1
    private var number = 0
    private var salt: [UInt8] = []
    /// How much of the open file is known to be on the disk.
    private var size = 0
    private(set) var isTrusted = true
    /// In all files that are not replayed yet.
    private(set) var bytes = 0

    init(directory: String, settings: Journal.Settings, disk: JournalDisk) {
        self.directory = directory
        self.settings = settings
        self.disk = disk
    }

    static func path(_ directory: String, _ number: Int) -> String {
        let digits = String(number)
        return "\(directory)/\(String(repeating: "0", count: max(0, 8 - digits.count)))\(digits).segment"
    }

    /// Several rows with one fsync. Blocks.
    mutating func append(_ records: [JournalRecord]) -> [Result<Void, JournalError>] {
        var outcomes = Array(repeating: Result<Void, JournalError>.failure(.untrusted), count: records.count)
        guard isTrusted else { return outcomes }
        do throws(JournalError) {
            if descriptor < 0 { try open() }
        } catch {
            return records.map { _ in .failure(error) }
        }
        var together: [UInt8] = []
        var places: [Int] = []
        for (place, record) in records.enumerated() {
            guard let framed = record.framed(salt: salt) else {
                outcomes[place] = .failure(.tooLarge)
                continue
            }
            guard bytes + together.count + framed.count <= settings.totalBytes else {
                outcomes[place] = .failure(.full)
                continue
            }
            together += framed
            places.append(place)
        }
        guard !together.isEmpty else { return outcomes }
        let outcome = append(together)
        for place in places { outcomes[place] = outcome }
        if size >= settings.segmentBytes { closeSegment() }
        return outcomes
    }

    private mutating func append(_ together: [UInt8]) -> Result<Void, JournalError> {
        do throws(SystemError) {
            try disk.write(descriptor, together)
        } catch {
            // What was written of it must not stand between this and the next record.
            takeBack()
            return .failure(Self.meaning(of: error))
        }
        do throws(SystemError) {
            try disk.synchronize(descriptor)
        } catch {
            takeBack()
            isTrusted = false
            return .failure(.system(error))
        }
        size += together.count
        bytes += together.count
        return .success(())
    }

    private mutating func takeBack() {
        do throws(SystemError) {
            try disk.truncate(descriptor, size)
        } catch {
            isTrusted = false
        }
    }

    private mutating func open() throws(JournalError) {
        let path = Self.path(directory, number + 1)
        let fresh = RandomBytes.make(JournalRecord.fileHeaderSize - JournalRecord.fileMagic.count)
        let header = JournalRecord.fileHeader(salt: fresh)
        do throws(SystemError) {
            let opened = try disk.create(path)
            do throws(SystemError) {
                try disk.write(opened, header)
                try disk.synchronize(opened)
                try JournalDisk.synchronizeDirectory(directory)
            } catch {
                close(opened)
                unlink(path)
                throw error
            }
            descriptor = opened
        } catch {
            throw Self.meaning(of: error)
        }
        number += 1
        salt = fresh
        size = header.count
        bytes += header.count
    }

    private static func meaning(of error: SystemError) -> JournalError {
        error.number == ENOSPC || error.number == EDQUOT ? .full : .system(error)
    }

    /// The next row begins a new file.
    mutating func closeSegment() {
        guard descriptor >= 0 else { return }
        close(descriptor)
        descriptor = -1
    }

    /// Of the next file; those below it are closed, unless one is open.
    var nextNumber: Int { number + 1 }

    mutating func replayed(bytes count: Int) { bytes = max(0, bytes - count) }
}

import Glibc

/// Small whole-file calls. They block: at start, in tools, or on the helper thread, never on a loop.
package enum FileSystem {
    /// The content of a regular file. More than `limit` bytes throw `EFBIG`, a pipe or a device `EINVAL`.
    package static func read(_ path: String, limit: Int) throws(SystemError) -> [UInt8] {
        // Without O_NONBLOCK, opening a pipe would wait for its writer.
        let file = try OpenFile(path, O_RDONLY | O_NONBLOCK)
        try file.requireRegular(path)
        var content: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = Glibc.read(file.descriptor, &chunk, chunk.count)
            if count < 0 {
                if errno == EINTR { continue }
                throw SystemError(call: "read \(path)")
            }
            if count == 0 { return content }
            guard content.count + count <= limit else { throw SystemError(call: "read \(path)", number: EFBIG) }
            content.append(contentsOf: chunk[..<count])
        }
    }

    /// Puts the content at the path at once: a reader sees the old file or the new one, also after a power cut.
    package static func write(_ content: [UInt8], to path: String, mode: mode_t = 0o644) throws(SystemError) {
        let temporary = try writeTemporary(content, beside: path, mode: mode)
        guard rename(temporary, path) == 0 else {
            let error = SystemError(call: "rename to \(path)")
            unlink(temporary)
            throw error
        }
        try synchronizeDirectory(of: path)
    }

    /// As `write`, unless the path exists, which then stays as it is. Of two processes that try at once, one makes it.
    /// - Returns: whether this call made the file.
    package static func writeIfAbsent(
        _ content: [UInt8], to path: String, mode: mode_t = 0o644
    ) throws(SystemError) -> Bool {
        let temporary = try writeTemporary(content, beside: path, mode: mode)
        // Unlike rename, link refuses a name that is taken.
        let result = link(temporary, path)
        let error = SystemError(call: "link \(path)")
        unlink(temporary)
        if result != 0 {
            if error.number == EEXIST { return false }
            throw error
        }
        try synchronizeDirectory(of: path)
        return true
    }

    /// The directory and those above it; one that exists keeps its mode.
    package static func makeDirectories(_ path: String, mode: mode_t = 0o755) throws(SystemError) {
        if mkdir(path, mode) == 0 { return }
        var error = SystemError(call: "mkdir \(path)")
        if error.number == ENOENT, let parent = parent(of: path), parent != path {
            try makeDirectories(parent, mode: mode)
            if mkdir(path, mode) == 0 { return }
            error = SystemError(call: "mkdir \(path)")
        }
        guard error.number == EEXIST, kind(of: path) == .directory else { throw error }
    }

    /// The names in a directory, sorted, without `.` and `..`.
    package static func list(_ path: String) throws(SystemError) -> [String] {
        guard let directory = opendir(path) else { throw SystemError(call: "open directory \(path)") }
        defer { closedir(directory) }
        var names: [String] = []
        while true {
            // Null means the end or an error; only errno tells them apart.
            errno = 0
            guard let entry = readdir(directory) else {
                if errno != 0 { throw SystemError(call: "read directory \(path)") }
                return names.sorted()
            }
            // Through the pointer, for an entry may be shorter than the struct's declared size.
            let nameOffset = MemoryLayout<dirent>.offset(of: \.d_name) ?? 0
            let start = UnsafeRawPointer(entry).advanced(by: nameOffset).assumingMemoryBound(to: CChar.self)
            let name = String(cString: start)
            if name != ".", name != ".." { names.append(name) }
        }
    }

    package enum Kind: Sendable {
        case file, directory, other
    }

    /// What the path leads to, links followed; nil when nothing is there or it cannot be looked at.
    package static func kind(of path: String) -> Kind? {
        var information = stat()
        guard stat(path, &information) == 0 else { return nil }
        switch information.st_mode & S_IFMT {
        case S_IFREG: return .file
        case S_IFDIR: return .directory
        default: return .other
        }
    }

    /// Removes a file; one that is already gone is no error.
    package static func remove(_ path: String) throws(SystemError) {
        guard unlink(path) != 0 else { return }
        let error = SystemError(call: "unlink \(path)")
        if error.number != ENOENT { throw error }
    }

    /// The path without its last name; `.` for a bare name, nil for `/` and the empty path.
    static func parent(of path: String) -> String? {
        let trimmed = path.utf8.reversed().drop { $0 == UInt8(ascii: "/") }
        guard !trimmed.isEmpty else { return nil }
        let rest = trimmed.drop { $0 != UInt8(ascii: "/") }
        if rest.isEmpty { return "." }
        let above = rest.drop { $0 == UInt8(ascii: "/") }
        return above.isEmpty ? "/" : String(decoding: above.reversed(), as: UTF8.self)
    }

    private static func writeTemporary(
        _ content: [UInt8], beside path: String, mode: mode_t
    ) throws(SystemError) -> String {
        let temporary = "\(path).\(Hex.encode(RandomBytes.make(8))).new"
        let file = try OpenFile(temporary, O_WRONLY | O_CREAT | O_EXCL, mode: mode)
        do throws(SystemError) {
            try file.write(content, path: temporary)
        } catch {
            unlink(temporary)
            throw error
        }
        return temporary
    }

    /// A new name lasts only once its directory is on the disk.
    private static func synchronizeDirectory(of path: String) throws(SystemError) {
        let directory = parent(of: path) ?? "/"
        let file = try OpenFile(directory, O_RDONLY | O_DIRECTORY)
        guard fsync(file.descriptor) == 0 else { throw SystemError(call: "fsync \(directory)") }
    }
}

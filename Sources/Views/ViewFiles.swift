import Base
import Glibc

/// The files of a templates directory, read with blocking calls: at start, and on a development reload.
enum ViewFiles {
    /// A file as a directory walk finds it. Equal when nothing about it changed.
    struct File: Hashable {
        /// Relative to the directory walked, "flows/row.mustache".
        let path: String
        let modifiedNanoseconds: Int64
        let size: Int64
    }

    private static let deepestDirectory = 16

    /// No template, words file or source of ours comes near it.
    private static let largestFile = 8 << 20

    /// Files below `directory` whose names end so, sorted by path. What is hidden or cannot be read is passed over.
    static func list(_ directory: String, endings: [String]) -> [File] {
        var files: [File] = []
        walk(directory, prefix: "", depth: 0, endings, &files)
        return files.sorted { $0.path < $1.path }
    }

    /// Nil when the file is missing or cannot be read.
    static func read(_ path: String) -> [UInt8]? { try? FileSystem.read(path, limit: largestFile) }

    private static func walk(
        _ directory: String, prefix: String, depth: Int, _ endings: [String], _ files: inout [File]
    ) {
        guard depth < deepestDirectory, let names = try? FileSystem.list(directory) else { return }
        for name in names where !name.hasPrefix(".") {
            let path = "\(directory)/\(name)"
            var information = stat()
            guard stat(path, &information) == 0 else { continue }
            if information.st_mode & S_IFMT == S_IFDIR {
                walk(path, prefix: "\(prefix)\(name)/", depth: depth + 1, endings, &files)
            } else if endings.contains(where: name.hasSuffix) {
                let modified = information.st_mtim
                files.append(
                    File(
                        path: prefix + name,
                        modifiedNanoseconds: Int64(modified.tv_sec) &* 1_000_000_000 &+ Int64(modified.tv_nsec),
                        size: Int64(information.st_size)))
            }
        }
    }
}

import Base
import Glibc

/// Files of a folder, found once at start: small ones are answered from memory, large ones sent from the disk by the system.
///
/// Only what was in the folder at start exists, so no path a client writes ever reaches the file system, and a link that leads out
/// of its folder was never taken in.
package struct StaticFiles: Sendable {
    private enum Content: Sendable {
        /// `compressed` is made once, at start; nil where it would not be smaller.
        case memory([UInt8], tag: String, compressed: [UInt8]?)
        case disk(ServedFile)
    }

    private struct File: Sendable {
        let type: String
        let content: Content
    }

    private var files: [String: File] = [:]
    private let mostInMemory: Int
    /// Changes with any byte of any file in memory and with size or time of the others; pages put it behind `?v=`, and what is asked
    /// for with it may be cached for ever.
    package private(set) var version = ""

    /// - Parameters:
    ///   - folders: pairs of a prefix below the mount ("" or "fonts/") and a directory, walked to its leaves. A directory that is
    ///     absent is skipped: fonts come from a system package.
    ///   - mostInMemory: files of more bytes stay on the disk.
    /// - Throws: `SystemError` when a file can't be read.
    package init(
        folders: [(prefix: String, directory: String)],
        fonts: [(prefix: String, directory: String, names: Set<String>)] = [], mostInMemory: Int = 1 << 20
    ) throws {
        self.mostInMemory = mostInMemory
        for (prefix, directory) in folders {
            if let root = Self.resolved(directory) { try load(root, below: root, prefix: prefix) }
        }
        for (prefix, directory, names) in fonts {
            if let root = Self.resolved(directory) { try load(root, below: root, prefix: prefix, only: names) }
        }
        let tags = files.sorted { $0.key < $1.key }.map { "\($0.key) \(Self.tag(of: $0.value))\n" }.joined()
        version = String(Hex.encode(SHA256.hash(tags)).prefix(12))
    }

    private mutating func load(_ directory: String, below root: String, prefix: String, only names: Set<String>? = nil)
        throws
    {
        for name in try FileSystem.list(directory) where !name.hasPrefix(".") && names?.contains(name) != false {
            let path = "\(directory)/\(name)"
            guard let target = Self.resolved(path), target.hasPrefix(root + "/") else { continue }
            if FileSystem.kind(of: target) == .directory {
                // A linked folder may be one of those above: the walk would not end.
                if target == path { try load(path, below: root, prefix: "\(prefix)\(name)/") }
            } else if let type = Self.type(of: name) {
                files[prefix + name] = File(type: type, content: try content(at: target, type: type))
            }
        }
    }

    private func content(at path: String, type: String) throws -> Content {
        let file = try ServedFile(path)
        if file.state().size > mostInMemory { return .disk(file) }
        let bytes = try FileSystem.read(path, limit: mostInMemory)
        let tag = String(Hex.encode(SHA256.hash(bytes)).prefix(24))
        let compressed = ContentCoding.isCompressible(type) ? Gzip.compress(bytes, level: 9) : nil
        let isSmaller = (compressed?.count ?? .max) < bytes.count - bytes.count / 16
        return .memory(bytes, tag: tag, compressed: isSmaller ? compressed : nil)
    }

    /// The path without links, `.` and `..`; nil where nothing is.
    private static func resolved(_ path: String) -> String? {
        guard let text = realpath(path, nil) else { return nil }
        defer { free(text) }
        return String(cString: text)
    }

    private static func tag(of file: File) -> String {
        switch file.content {
        case .memory(_, let tag, _): tag
        case .disk(let file): "\(file.state())"
        }
    }

    /// The file at `path` below the mount.
    package func respond(to request: Request, path: String) throws -> Response {
        guard let file = files[path] else { throw HTTPError(.notFound) }
        var response =
            switch file.content {
            case .memory(let bytes, let tag, let compressed):
                Self.answer(bytes, tag: tag, compressed: compressed, type: file.type, to: request)
            case .disk(let content): Response.file(content, type: file.type)
            }
        let isVersioned = request.rawQuery == "v=\(version)"
        response.add(
            "Cache-Control",
            isVersioned
                ? "public, max-age=31536000, immutable"
                : path.hasPrefix("fonts/") ? "public, max-age=604800" : "no-cache")
        return response
    }

    /// The two forms have tags of their own; parts are cut from the plain one.
    private static func answer(
        _ bytes: [UInt8], tag: String, compressed: [UInt8]?, type: String, to request: Request
    ) -> Response {
        var response = Response(headers: [("Content-Type", type)])
        response.offerRanges()
        if let compressed {
            response.varyByEncoding()
            if let accepted = request.header("accept-encoding"), AcceptEncoding.prefersGzip(accepted),
                request.header("range") == nil
            {
                response.add("ETag", "\"\(tag)-gzip\"")
                response.add("Content-Encoding", "gzip")
                response.body = compressed
                return response
            }
        }
        response.add("ETag", "\"\(tag)\"")
        response.body = bytes
        return response
    }

    private static func type(of name: String) -> String? {
        switch name.split(separator: ".").last {
        case "css": "text/css; charset=utf-8"
        case "js": "text/javascript; charset=utf-8"
        case "svg": "image/svg+xml"
        case "png": "image/png"
        case "ico": "image/x-icon"
        case "otf": "font/otf"
        case "woff2": "font/woff2"
        case "json", "webmanifest": "application/json"
        case "txt": "text/plain; charset=utf-8"
        default: nil
        }
    }
}

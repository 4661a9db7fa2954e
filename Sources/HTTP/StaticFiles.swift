import Base

/// Files of a folder, read once at start and answered from memory, with strong validators (RFC 9110 §8.8.3, §13.1.2).
///
/// Only what was in the folder at start exists, so no path a client writes ever reaches the file system.
package struct StaticFiles: Sendable {
    private struct File: Sendable {
        let type: String
        let entityTag: String
        let bytes: [UInt8]
        /// Made once, at start; nil where it would not be smaller.
        let compressed: [UInt8]?

        init(type: String, bytes: [UInt8]) {
            self.type = type
            self.bytes = bytes
            entityTag = String(Hex.encode(SHA256.hash(bytes)).prefix(24))
            let smaller = ContentCoding.isCompressible(type) ? Gzip.compress(bytes, level: 9) : nil
            compressed = smaller.flatMap { $0.count < bytes.count - bytes.count / 16 ? $0 : nil }
        }
    }

    private var files: [String: File] = [:]
    /// Changes with any byte of any file; pages put it behind `?v=`, and what is asked for with it may be cached for ever.
    package private(set) var version = ""

    /// - Parameter folders: pairs of a prefix below the mount ("" or "fonts/") and a directory, walked to its leaves. A directory that
    ///   is absent is skipped: fonts come from a system package.
    /// - Throws: `SystemError` when a file can't be read.
    package init(
        folders: [(prefix: String, directory: String)],
        fonts: [(prefix: String, directory: String, names: Set<String>)] = []
    ) throws {
        for (prefix, directory) in folders where FileSystem.kind(of: directory) == .directory {
            try load(directory, prefix: prefix)
        }
        for (prefix, directory, names) in fonts where FileSystem.kind(of: directory) == .directory {
            try load(directory, prefix: prefix, only: names)
        }
        let tags = files.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value.entityTag)\n" }.joined()
        version = String(Hex.encode(SHA256.hash(tags)).prefix(12))
    }

    private mutating func load(_ directory: String, prefix: String, only names: Set<String>? = nil) throws {
        for name in try FileSystem.list(directory) where !name.hasPrefix(".") && names?.contains(name) != false {
            let path = "\(directory)/\(name)"
            if FileSystem.kind(of: path) == .directory {
                try load(path, prefix: "\(prefix)\(name)/")
            } else if let type = Self.type(of: name) {
                let bytes = try FileSystem.read(path, limit: 16 << 20)
                files[prefix + name] = File(type: type, bytes: bytes)
            }
        }
    }

    /// The file at `path` below the mount.
    package func respond(to request: Request, path: String) throws -> Response {
        guard let file = files[path] else { throw HTTPError(.notFound) }
        var response = Response(headers: [("Content-Type", file.type)])
        let isVersioned = request.rawQuery == "v=\(version)"
        response.add(
            "Cache-Control",
            isVersioned
                ? "public, max-age=31536000, immutable"
                : path.hasPrefix("fonts/") ? "public, max-age=604800" : "no-cache")
        var tag = "\"\(file.entityTag)\""
        response.body = file.bytes
        if let compressed = file.compressed {
            response.varyByEncoding()
            if let accepted = request.header("accept-encoding"), AcceptEncoding.prefersGzip(accepted) {
                tag = "\"\(file.entityTag)-gzip\""
                response.add("Content-Encoding", "gzip")
                response.body = compressed
            }
        }
        response.add("ETag", tag)
        if let known = request.header("if-none-match"), Self.matches(known, tag) {
            response.status = .notModified
            response.body = []
        }
        return response
    }

    private static func matches(_ header: String, _ tag: String) -> Bool {
        header.split(separator: ",").contains { part in
            var candidate = part.drop { $0 == " " }
            while candidate.last == " " { candidate.removeLast() }
            if candidate.hasPrefix("W/") { candidate.removeFirst(2) }
            return candidate == "*" || candidate == tag
        }
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

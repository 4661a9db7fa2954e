import Base
import Reactor

/// Which answers are compressed, and how (RFC 9110 §8.4).
enum ContentCoding {
    /// In bytes. What fits one packet gains nothing.
    static let floor = 1024
    /// In bytes. More than this takes milliseconds, which a loop hasn't got.
    private static let mostOnLoop = 128 * 1024

    /// Whether the type is text at heart. Pictures, fonts and archives are compressed already.
    static func isCompressible(_ type: String) -> Bool {
        let essence = String(
            decoding: trimmed(type.utf8.prefix { $0 != UInt8(ascii: ";") }).map(asciiLowercased), as: UTF8.self)
        if essence.hasPrefix("text/") { return true }
        if essence.hasSuffix("+json") || essence.hasSuffix("+xml") { return true }
        return compressible.contains(essence)
    }

    private static let compressible: Set<String> = [
        "application/json", "application/javascript", "application/xml", "application/x-ndjson", "application/wasm",
        "font/otf", "font/ttf", "image/x-icon", "image/bmp",
    ]

    static func compress(_ bytes: [UInt8]) async -> [UInt8]? {
        let padding = Int.random(in: 1...64)
        guard bytes.count > mostOnLoop else { return Gzip.compress(bytes, level: 6, padding: padding) }
        return await HelperThread.shared.run { Gzip.compress(bytes, level: 3, padding: padding) }
    }
}

extension Response {
    /// Says that the answer depends on `Accept-Encoding`.
    mutating func varyByEncoding() {
        let isSaid = headers.contains {
            $0.name.lowercased() == "vary" && ($0.value == "*" || $0.value.lowercased().contains("accept-encoding"))
        }
        if !isSaid { add("Vary", "Accept-Encoding") }
    }

    /// Whether the content is of the kind that is sent compressed to who likes it. How long a stream becomes isn't known: it counts as
    /// large.
    var isWorthCompressing: Bool {
        guard isStream || body.count >= ContentCoding.floor && !hasSource, !offersRanges, status.code != 206,
            !status.forbidsBody, header("Content-Encoding") == nil, let type = header("Content-Type"),
            ContentCoding.isCompressible(type)
        else { return false }
        return header("Cache-Control")?.lowercased().contains("no-transform") != true
    }

    var isStream: Bool { if case .stream = source { true } else { false } }

    /// False: there is no memory for it, and the content stays as it is.
    mutating func compress() async -> Bool {
        if case .stream(var stream) = source {
            stream.compression = stream.isEndless ? .events : .content
            source = .stream(stream)
            return true
        }
        guard let compressed = await ContentCoding.compress(body) else { return false }
        body = compressed
        return true
    }
}

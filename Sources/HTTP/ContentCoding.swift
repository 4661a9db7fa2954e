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
        if essence.hasPrefix("text/") { return essence != "text/event-stream" }
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

    /// Whether the content is of the kind that is sent compressed to who likes it.
    var isWorthCompressing: Bool {
        guard body.count >= ContentCoding.floor, !hasSource, !offersRanges, status.code != 206, !status.forbidsBody,
            header("Content-Encoding") == nil, let type = header("Content-Type"), ContentCoding.isCompressible(type)
        else { return false }
        return header("Cache-Control")?.lowercased().contains("no-transform") != true
    }
}

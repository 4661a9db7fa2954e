import Base
import Fetch

/// Where a tracker is. People paste what their browser shows, so the panel's path, a fragment and a query are cut off, and a
/// missing scheme is `https`.
package struct KeitaroAddress: Hashable, Sendable, CustomStringConvertible {
    /// Such as `https://tracker.example` or `https://example.com/tracker`; no slash at the end. Unchanged when it is no address at
    /// all: the first call then says so.
    package let base: String
    package let origin: URLOrigin?

    package static let apiPath = "/admin_api/v1"

    package init(_ text: String) {
        var rest = Substring(text).trimmingSpaces()
        if let end = rest.firstIndex(where: { $0 == "#" || $0 == "?" }) { rest = rest[..<end] }
        while true {
            let before = rest.utf8.count
            for suffix in ["/", Self.apiPath, "/admin_api", "/admin/index.php", "/admin"] where rest.hasSuffix(suffix) {
                rest = rest.dropLast(suffix.count)
            }
            if rest.utf8.count == before { break }
        }
        base = rest.isEmpty || rest.contains("://") ? String(rest) : "https://\(rest)"
        origin = URLOrigin(base)
    }

    /// `path` is relative to the API and already encoded.
    func url(_ path: String) -> String { "\(base)\(Self.apiPath)/\(path)" }

    package var description: String { origin?.description ?? "(no valid address)" }
}

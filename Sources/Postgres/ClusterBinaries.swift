import Base
import Glibc

/// Where PostgreSQL's server programs are.
struct ClusterBinaries: Sendable {
    let directory: String
    /// The major version, such as 15.
    let version: Int

    static let oldest = 15

    /// The newest that is new enough, or exactly the version that the data was made by. Starts programs: helper thread.
    static func find(for data: Int?, path: String) throws(ClusterError) -> ClusterBinaries {
        let found = candidates(path: path).compactMap { directory in
            version(in: directory).map { ClusterBinaries(directory: directory, version: $0) }
        }
        if let data, !found.isEmpty {
            guard let match = found.first(where: { $0.version == data }) else {
                throw .wrongVersion(data: data, found: Set(found.map(\.version)).sorted())
            }
            return match
        }
        guard let newest = found.filter({ $0.version >= oldest }).max(by: { $0.version < $1.version }) else {
            throw .noBinaries
        }
        return newest
    }

    func program(_ name: String) -> String { "\(directory)/\(name)" }

    private static func candidates(path: String) -> [String] {
        var places = path.split(separator: ":").map(String.init)
        for root in ["/usr/lib/postgresql", "/usr/local"] {
            let names = (try? FileSystem.list(root)) ?? []
            places += names.filter { root.hasSuffix("postgresql") || $0.hasPrefix("pgsql") }.map { "\(root)/\($0)/bin" }
        }
        return places.filter { place in
            ["initdb", "pg_ctl", "postgres"].allSatisfy { access("\(place)/\($0)", X_OK) == 0 }
        }
    }

    private static func version(in directory: String) -> Int? {
        guard let outcome = try? ChildProcess.run(["\(directory)/postgres", "--version"], timeout: .seconds(10)) else {
            return nil
        }
        return parse(version: outcome.output)
    }

    /// `postgres (PostgreSQL) 15.14 (Debian 15.14-0+deb12u1)` is 15.
    static func parse(version text: String) -> Int? {
        guard let start = text.firstIndex(where: \.isNumber) else { return nil }
        return Int(text[start...].prefix { $0.isNumber })
    }
}

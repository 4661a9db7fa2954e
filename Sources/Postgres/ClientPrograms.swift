import Base
import CPostgres
import Glibc
import Reactor

/// PostgreSQL's own tools (`pg_dump`, `pg_restore`, `psql`), pointed at one database.
///
/// The password goes through the environment, which only we and root can read; a command line could be read by everybody.
struct ClientPrograms: Sendable {
    private let directory: String
    private let place: String
    private let environment: [String: String]

    /// Starts programs: helper thread.
    /// - Parameter serverVersion: the major one. Its own tools fit best; the newest can do the older.
    init(url: Secret, serverVersion: Int) throws(DumpError) {
        var message: UnsafeMutablePointer<CChar>?
        guard let options = PQconninfoParse(url.reveal(), &message) else {
            PQfreemem(message)
            throw .badURL
        }
        defer { PQconninfoFree(options) }
        var words: [String] = []
        var variables = ["PATH": "/usr/bin:/bin", "LC_ALL": "C", "PGTZ": "UTC", "PGAPPNAME": "sluice-upkeep"]
        if let home = getenv("HOME") { variables["HOME"] = String(cString: home) }
        var option = options
        while let keyword = option.pointee.keyword.map({ String(cString: $0) }) {
            let variable = option.pointee.envvar.map { String(cString: $0) }
            if let value = option.pointee.val.map({ String(cString: $0) }) {
                if keyword == "password" {
                    variables["PGPASSWORD"] = value
                } else if keyword != "application_name" {
                    words.append("\(keyword)='\(Self.escaped(value))'")
                }
            } else if let variable, let own = getenv(variable) {
                variables[variable] = String(cString: own)
            }
            option += 1
        }
        place = words.joined(separator: " ")
        environment = variables
        directory = try Self.find(serverVersion)
    }

    /// libpq manual, "Keyword/Value Connection Strings".
    private static func escaped(_ value: String) -> String {
        value.replacing("\\", with: "\\\\").replacing("'", with: "\\'")
    }

    private static func find(_ version: Int) throws(DumpError) -> String {
        let root = "/usr/lib/postgresql"
        let installed = ((try? FileSystem.list(root)) ?? []).compactMap { Int($0) }.sorted(by: >)
        let wanted = (installed.contains(version) ? [version] : []) + installed.filter { $0 >= version }
        let path = getenv("PATH").map { String(cString: $0) } ?? ""
        let places = wanted.map { "\(root)/\($0)/bin" } + path.split(separator: ":").map(String.init)
        let found = places.first { place in
            ["pg_dump", "pg_restore", "psql"].allSatisfy { access("\(place)/\($0)", X_OK) == 0 }
        }
        guard let found else { throw .noPrograms(version) }
        return found
    }

    /// Blocks until the program has ended: helper thread.
    func run(_ name: String, _ arguments: [String], reachesDatabase: Bool = true) throws(DumpError) {
        let command = ["\(directory)/\(name)"] + (reachesDatabase ? ["--dbname=\(place)"] : []) + arguments
        let outcome: ChildProcess.Outcome
        do throws(ChildProcess.Failure) {
            outcome = try ChildProcess.run(command, environment: environment, timeout: .seconds(24 * 3600))
        } catch {
            throw .failed(program: name, output: "\(error)")
        }
        guard outcome.isSuccess else { throw .failed(program: name, output: outcome.output) }
    }
}

/// Why a backup or its restoration did not come about.
package enum DumpError: Error, Sendable, CustomStringConvertible {
    case badURL
    case noPrograms(Int)
    case notEmpty
    case inUse
    case failed(program: String, output: String)
    case system(SystemError)

    package var description: String {
        switch self {
        case .badURL: "The database's address can't be read: it should be postgresql://user:password@host/name."
        case .noPrograms(let version):
            "pg_dump, pg_restore and psql of version \(version) or newer are not installed. "
                + "Debian: apt-get install postgresql-client."
        case .notEmpty: "The database isn't empty. With --replace everything in it is dropped first."
        case .inUse: "A desk is using this database. Stop it first."
        case .failed(let program, let output):
            "\(program) failed and nothing was changed: \(output.isEmpty ? "no reason was given" : output)"
        case .system(let error): "\(error)"
        }
    }
}

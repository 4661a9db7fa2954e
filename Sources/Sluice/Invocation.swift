import Accounts
import Base
import Glibc

/// What the command line asks for.
struct Invocation {
    enum Command: Equatable {
        case serve
        case migrate
        case doctor
        case tokenCreate(name: String, role: Role, scopes: Set<TokenScope>, days: Int64?)
        case tokenList
        case tokenRevoke(Int64)
        case userList
        /// A one-time link to choose a password by. `role` nil: a new account's is buyer, an old one keeps its own.
        case userInvite(name: String, role: Role?, id: Int64?)
        case userRole(Int64, role: Role)
        case userClose(Int64)
        case userOpen(Int64)
        /// The simulated Keitaro alone.
        case sandbox(port: UInt16)
        case upkeep(UpkeepCommand)
        case data(DataCommand)
    }

    let isDemo: Bool
    let command: Command

    static let usage = """
        usage: bin/sluice [--demo] COMMAND

          serve                                serve the desk (what bin/run does)
          migrate                              bring the database up to date
          doctor                               check database, DATA_DIR and Keitaro
          user list                            people and the number of their keys
          user invite NAME [--role ROLE]       a one-time link to choose a password, also to reset one;
                      [--id ID]                with --id the account ID gets this name to log in by
          user role ID ROLE                    change a role: admin, buyer, brand, analyst or content
          user close ID | user open ID         close an account and end its sessions, or open it again
          token create --name NAME             print a new API token; a buyer with every scope unless told
                      [--admin | --role ROLE] [--scopes read,write,push,admin] [--expires 90d]
          token list                           tokens, when last used
          token revoke ID                      end a token
        \(UpkeepCommand.usage)
        \(DataCommand.usage)
          sandbox --port PORT                  a simulated Keitaro on loopback, for trying things out

        --demo acts on the demo's own database and data.

        """

    init(_ arguments: [String]) throws(Usage) {
        var words = arguments
        if words.contains("--help") || words.first == "help" { throw Usage(Self.usage) }
        isDemo = words.contains("--demo")
        words.removeAll { $0 == "--demo" }
        command = try Self.command(words)
    }

    private static func command(_ words: [String]) throws(Usage) -> Command {
        switch words.first {
        case "serve" where words.count == 1: return .serve
        case "migrate" where words.count == 1: return .migrate
        case "doctor" where words.count == 1: return .doctor
        case "token": return try token(Array(words.dropFirst()))
        case "user": return try user(Array(words.dropFirst()))
        case "sandbox":
            guard words.count == 3, words[1] == "--port", let port = UInt16(words[2]) else {
                throw Usage("sandbox needs --port and a number.\n\n\(usage)")
            }
            return .sandbox(port: port)
        case let word? where UpkeepCommand.words.contains(word): return .upkeep(try UpkeepCommand(words))
        case let word? where DataCommand.words.contains(word): return .data(try DataCommand(words))
        case nil: throw Usage(usage)
        case let word?: throw Usage("\(word) is not a command, or has words after it that it doesn't take.\n\n\(usage)")
        }
    }

    private static func token(_ words: [String]) throws(Usage) -> Command {
        switch words.first {
        case "list" where words.count == 1: return .tokenList
        case "revoke": return .tokenRevoke(try id(words, after: "token revoke"))
        case "create":
            return try tokenCreate(Array(words.dropFirst()))
        default: throw Usage("token is followed by create, list or revoke.\n\n\(usage)")
        }
    }

    private static func tokenCreate(_ words: [String]) throws(Usage) -> Command {
        var rest = words
        let isAdmin = rest.contains("--admin")
        rest.removeAll { $0 == "--admin" }
        let role = try value("--role", of: &rest).map { text throws(Usage) in
            guard let role = Role(rawValue: text) else { throw Usage("--role is one of \(roles).\n\n\(usage)") }
            return role
        }
        let scopes = try value("--scopes", of: &rest).map { text throws(Usage) in
            guard let scopes = TokenScope.set(text) else {
                throw Usage("--scopes is a list of read, write, push and admin.\n\n\(usage)")
            }
            return scopes
        }
        let days = try value("--expires", of: &rest).map { text throws(Usage) in
            guard let days = TokenLifetime.days(text) else {
                throw Usage("--expires is a number of days from 1d to 3650d, such as 90d.\n\n\(usage)")
            }
            return days
        }
        guard let name = try value("--name", of: &rest), rest.isEmpty, (1...80).contains(name.unicodeScalars.count)
        else { throw Usage("token create needs --name and a name of 1 to 80 characters.\n\n\(usage)") }
        let chosen = role ?? (isAdmin ? .admin : .buyer)
        return .tokenCreate(name: name, role: chosen, scopes: scopes ?? Set(TokenScope.allCases), days: days)
    }

    private static func user(_ words: [String]) throws(Usage) -> Command {
        switch words.first {
        case "list" where words.count == 1: return .userList
        case "close": return .userClose(try id(words, after: "user close"))
        case "open": return .userOpen(try id(words, after: "user open"))
        case "role":
            guard words.count == 3, let id = Int64(words[1]), let role = Role(rawValue: words[2]) else {
                throw Usage("user role needs a user's number and one of \(roles).\n\n\(usage)")
            }
            return .userRole(id, role: role)
        case "invite": return try invite(Array(words.dropFirst()))
        default: throw Usage("user is followed by list, invite, role, close or open.\n\n\(usage)")
        }
    }

    private static var roles: String { Role.allCases.map(\.rawValue).joined(separator: ", ") }

    private static func invite(_ words: [String]) throws(Usage) -> Command {
        var rest = words
        let role = try value("--role", of: &rest).map { text throws(Usage) in
            guard let role = Role(rawValue: text) else { throw Usage("--role is one of \(roles).\n\n\(usage)") }
            return role
        }
        let id = try value("--id", of: &rest).map { text throws(Usage) in
            guard let id = Int64(text) else { throw Usage("--id is a number, as user list shows it.\n\n\(usage)") }
            return id
        }
        guard rest.count == 1, (1...80).contains(rest[0].unicodeScalars.count),
            rest[0].unicodeScalars.allSatisfy({ $0.value >= 32 }), rest[0].trimmingSpaces() == rest[0]
        else { throw Usage("user invite needs a name of 1 to 80 characters.\n\n\(usage)") }
        return .userInvite(name: rest[0], role: role, id: id)
    }

    /// Takes an option and the word after it out of `words`.
    private static func value(_ option: String, of words: inout [String]) throws(Usage) -> String? {
        guard let at = words.firstIndex(of: option) else { return nil }
        guard words.indices.contains(at + 1) else { throw Usage("\(option) needs a value.\n\n\(usage)") }
        let value = words[at + 1]
        words.removeSubrange(at...(at + 1))
        return value
    }

    private static func id(_ words: [String], after command: String) throws(Usage) -> Int64 {
        guard words.count == 2, let id = Int64(words[1]) else {
            throw Usage("\(command) needs a number, as its list shows it.\n\n\(usage)")
        }
        return id
    }
}

/// The command line can't be followed; what to say about it.
struct Usage: Error {
    let text: String
    init(_ text: String) { self.text = text }
}

/// As in sysexits.h; `bin/run` doesn't repeat what only a person can mend.
enum ExitCode {
    static let failure: Int32 = 1
    static let usage: Int32 = 64
    static let unavailable: Int32 = 69
    static let configuration: Int32 = 78
}

enum StandardError {
    static func write(_ text: String) {
        let bytes = Array(text.utf8)
        _ = bytes.withUnsafeBytes { Glibc.write(2, $0.baseAddress, $0.count) }
    }
}

import Base

/// The commands an operator keeps a desk with: backups and the secret.
enum UpkeepCommand: Equatable {
    case backup(file: String, withSecretKey: Bool)
    case restore(file: String, withSecretKey: Bool, replacing: Bool)
    /// - Parameter former: the file with the former secret, when SECRET_KEY is in the settings.
    case rotateKey(former: String?)

    static let words: Set<String> = ["backup", "restore", "key"]

    static let usage = """
          backup FILE [--with-secret-key]      write the whole database, and the secret to FILE.secret_key
          restore FILE [--with-secret-key] [--replace]
                                               put a backup into an empty database, or in place of what is there
          key rotate [--former FILE]           a new secret; every stored key is sealed anew (the desk is stopped)
        """

    init(_ words: [String]) throws(Usage) {
        var options = Set(words.filter { $0.hasPrefix("--") })
        let names = words.filter { !$0.hasPrefix("--") }
        switch names.first {
        case "backup" where names.count == 2:
            self = .backup(file: names[1], withSecretKey: options.remove("--with-secret-key") != nil)
        case "restore" where names.count == 2:
            self = .restore(
                file: names[1], withSecretKey: options.remove("--with-secret-key") != nil,
                replacing: options.remove("--replace") != nil)
        case "key" where names.count == 2 && names[1] == "rotate" && options.isEmpty: self = .rotateKey(former: nil)
        case "key" where names.count == 3 && names[1] == "rotate" && options.remove("--former") != nil:
            self = .rotateKey(former: names[2])
        default: throw Usage("\(words.joined(separator: " ")) can't be followed.\n\n\(Invocation.usage)")
        }
        guard options.isEmpty else {
            throw Usage("\(options.sorted().joined(separator: ", ")) is not an option of this.\n\n\(Invocation.usage)")
        }
    }
}

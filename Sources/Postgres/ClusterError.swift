import Base

/// Why the private PostgreSQL cannot be had. Each says what to do about it where something can be done.
package enum ClusterError: Error, Sendable, CustomStringConvertible {
    case noBinaries
    case wrongVersion(data: Int, found: [Int])
    case noUnprivilegedUser
    case noUserSwitch
    case unreachable(path: String, user: String)
    case notOwner(path: String)
    case socketDirectoryTaken(path: String)
    case busy(lock: String)
    case system(SystemError)
    case failed(step: String, output: String)

    package var description: String {
        switch self {
        case .noBinaries:
            "No PostgreSQL server of version 15 or newer is installed. Install one (Debian: apt install postgresql), "
                + "or set DATABASE_URL to a database elsewhere."
        case .wrongVersion(let data, let found):
            "The private database was made by PostgreSQL \(data), but only \(found.map(String.init).joined(separator: ", ")) "
                + "is installed. Install PostgreSQL \(data) again, or move the data with pg_upgrade."
        case .noUnprivilegedUser:
            "PostgreSQL refuses to run as root, and there is neither a user postgres nor a user nobody to run it as."
        case .noUserSwitch:
            "PostgreSQL refuses to run as root, and neither setpriv nor runuser (util-linux) is installed to run it as another user."
        case .unreachable(let path, let user):
            "The user \(user), who runs the private PostgreSQL, can't enter \(path). Run chmod o+x \(path), "
                + "or set DATA_DIR to a directory that it can reach."
        case .notOwner(let path):
            "The private database in \(path) belongs to another user. Run Sluice as that user, or give it the directory."
        case .socketDirectoryTaken(let path):
            "The directory \(path) is needed for the private database's socket, but it belongs to someone else."
        case .busy(let lock):
            "Another process has been starting or stopping the private database for too long (\(lock) is locked)."
        case .system(let error):
            "The private database can't be prepared: \(error)"
        case .failed(let step, let output):
            "\(step) failed: \(output.isEmpty ? "no reason was given" : output)"
        }
    }
}

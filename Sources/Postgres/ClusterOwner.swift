import Base
import Glibc

/// The user the server runs as. PostgreSQL refuses root; then it is `postgres`, or `nobody` where that is missing, or whoever
/// already owns the data.
struct ClusterOwner: Sendable {
    let user: uid_t
    let group: gid_t
    let name: String
    /// Put before a command so that it runs as this user; empty when we are this user.
    let prefix: [String]

    static func choose(data: String) throws(ClusterError) -> ClusterOwner {
        var information = stat()
        let exists = stat(data, &information) == 0
        guard geteuid() == 0 else {
            guard !exists || information.st_uid == geteuid() else { throw .notOwner(path: data) }
            return ClusterOwner(user: geteuid(), group: getegid(), name: "uid \(geteuid())", prefix: [])
        }
        var entry = exists && information.st_uid != 0 ? getpwuid(information.st_uid) : nil
        entry = entry ?? getpwnam("postgres") ?? getpwnam("nobody")
        guard let found = entry?.pointee, found.pw_uid != 0 else { throw .noUnprivilegedUser }
        let name = String(cString: found.pw_name)
        return ClusterOwner(
            user: found.pw_uid, group: found.pw_gid, name: name,
            prefix: try switching(to: name, user: found.pw_uid, group: found.pw_gid))
    }

    private static func switching(to name: String, user: uid_t, group: gid_t) throws(ClusterError) -> [String] {
        if let setpriv = program(["/usr/bin/setpriv", "/bin/setpriv"]) {
            return [setpriv, "--reuid=\(user)", "--regid=\(group)", "--clear-groups"]
        }
        if let runuser = program(["/usr/sbin/runuser", "/sbin/runuser"]) { return [runuser, "-u", name, "--"] }
        throw .noUserSwitch
    }

    private static func program(_ places: [String]) -> String? {
        places.first { (place: String) in access(place, X_OK) == 0 }
    }

    /// Gives what we have made to the server's user.
    func own(_ path: String) throws(ClusterError) {
        guard !prefix.isEmpty else { return }
        guard lchown(path, user, group) == 0 else { throw .system(SystemError(call: "chown \(path)")) }
    }

    /// Lets the server's group pass through a directory that is ours alone so far; it still can't list or read it.
    func mayPass(_ path: String) throws(ClusterError) {
        var information = stat()
        guard !prefix.isEmpty, stat(path, &information) == 0, information.st_uid == geteuid() else { return }
        guard information.st_mode & 0o077 == 0 else { return }
        guard chown(path, information.st_uid, group) == 0, chmod(path, 0o710) == 0 else {
            throw .system(SystemError(call: "open \(path) to the group of \(name)"))
        }
    }

    /// Names the directory on the way to `path` that the user cannot pass. Starts programs: helper thread.
    func requireReach(_ path: String) throws(ClusterError) {
        guard !prefix.isEmpty, !canEnter(path) else { return }
        var ancestor = ""
        for name in path.split(separator: "/") {
            ancestor += "/\(name)"
            if !canEnter(ancestor) { throw .unreachable(path: ancestor, user: self.name) }
        }
    }

    private func canEnter(_ path: String) -> Bool {
        let test = Self.program(["/usr/bin/test", "/bin/test"]) ?? "test"
        let outcome = try? ChildProcess.run(prefix + [test, "-x", path], directory: "/", timeout: .seconds(10))
        return outcome?.isSuccess ?? false
    }
}

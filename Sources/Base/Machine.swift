import Glibc

/// What the defaults of a configuration depend on beside the environment.
package struct Machine: Sendable {
    package let isRoot: Bool
    /// Cores online.
    package let cores: Int
    /// Absolute, without a slash at the end.
    package let workingDirectory: String

    package init(isRoot: Bool, cores: Int, workingDirectory: String) {
        self.isRoot = isRoot
        self.cores = cores
        self.workingDirectory = workingDirectory
    }

    package static func current() -> Machine {
        let path = getcwd(nil, 0)
        defer { free(path) }
        // A working directory that was removed has no name; relative paths fail there with their own errors.
        let directory = path.map { String(cString: $0) } ?? "."
        return Machine(
            isRoot: geteuid() == 0, cores: sysconf(Int32(_SC_NPROCESSORS_ONLN)),
            workingDirectory: directory == "/" ? "" : directory)
    }

    /// Root's is the system's place, anyone else's lies beside what is run.
    func dataDirectory(demo: Bool) -> String {
        let suffix = demo ? "-demo" : ""
        return isRoot ? "/var/lib/sluice\(suffix)" : "\(workingDirectory)/.data\(suffix)"
    }

    /// The path as it is when absolute, else from the working directory; without a slash at the end.
    func absolute(_ path: String) -> String {
        var result = path.hasPrefix("/") ? path : "\(workingDirectory)/\(path)"
        while result.utf8.count > 1, result.hasSuffix("/") { result.removeLast() }
        return result
    }
}

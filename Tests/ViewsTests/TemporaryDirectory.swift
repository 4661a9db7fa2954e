import Glibc
import Testing

/// A directory of its own for one test, removed with everything in it at the end.
final class TemporaryDirectory {
    let path: String
    private var made: [String] = []

    init() throws {
        let parent = getenv("TMPDIR").map { String(cString: $0) } ?? P_tmpdir
        let template = strdup("\(parent)/sluice-views-XXXXXX")
        defer { free(template) }
        path = String(cString: try #require(template.flatMap { mkdtemp($0) }))
    }

    /// Writes a file below the directory and makes its folder when missing.
    func write(_ name: String, _ text: String) throws {
        if let slash = name.lastIndex(of: "/") {
            let folder = "\(path)/\(name[..<slash])"
            if mkdir(folder, 0o700) == 0 { made.append(folder) }
        }
        let file = "\(path)/\(name)"
        let handle = try #require(fopen(file, "w"))
        fputs(text, handle)
        fclose(handle)
        if !made.contains(file) { made.append(file) }
    }

    /// Sets the time of change, in seconds since 1970, so that tests need not wait for a clock.
    func touch(_ name: String, _ seconds: Int) {
        let times = [timespec(tv_sec: seconds, tv_nsec: 0), timespec(tv_sec: seconds, tv_nsec: 0)]
        utimensat(AT_FDCWD, "\(path)/\(name)", times, 0)
    }

    deinit {
        for path in made.reversed() where unlink(path) != 0 { rmdir(path) }
        for path in made.reversed() { rmdir(path) }
        rmdir(path)
    }
}

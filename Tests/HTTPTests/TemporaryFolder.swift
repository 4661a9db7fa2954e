import Base
import Glibc

/// A folder of its own for one test, removed with everything in it by `remove()`.
struct TemporaryFolder {
    let path: String

    init() throws {
        path = "/tmp/sluice-http-\(Hex.encode(RandomBytes.make(8)))"
        try FileSystem.makeDirectories(path)
    }

    func write(_ name: String, _ bytes: [UInt8]) throws {
        if let slash = name.lastIndex(of: "/") { try FileSystem.makeDirectories("\(path)/\(name[..<slash])") }
        try FileSystem.write(bytes, to: "\(path)/\(name)")
    }

    var names: [String] { (try? FileSystem.list(path)) ?? [] }

    func remove() { Self.remove(path) }

    private static func remove(_ path: String) {
        if unlink(path) == 0 { return }
        for name in (try? FileSystem.list(path)) ?? [] { remove("\(path)/\(name)") }
        rmdir(path)
    }
}

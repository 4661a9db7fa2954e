import Base
import Glibc
import Testing

@Suite struct FileSystemTests {
    @Test func `reads what it wrote, with the mode it was told`() throws {
        let directory = try TemporaryDirectory()
        let path = directory.path + "/file"
        let content = RandomBytes.make(200_000)
        try FileSystem.write(content, to: path, mode: 0o600)
        #expect(try FileSystem.read(path, limit: 200_000) == content)
        #expect(directory.mode("file") == 0o600)
        try FileSystem.write([], to: path, mode: 0o600)
        #expect(try FileSystem.read(path, limit: 0) == [])
        #expect(try FileSystem.list(directory.path) == ["file"])
    }

    @Test func `what is there already is not overwritten when absence is asked for`() throws {
        let directory = try TemporaryDirectory()
        let path = directory.path + "/file"
        #expect(try FileSystem.writeIfAbsent([1], to: path))
        #expect(try !FileSystem.writeIfAbsent([2], to: path))
        #expect(try FileSystem.read(path, limit: 10) == [1])
        #expect(try FileSystem.list(directory.path) == ["file"])
    }

    @Test func `failures name the call and the number`() throws {
        let directory = try TemporaryDirectory()
        let path = directory.path
        let missing = path + "/none/file"
        func number(_ body: () throws -> Void) -> Int32? {
            do {
                try body()
                return nil
            } catch {
                return (error as? SystemError)?.number
            }
        }
        #expect(number { _ = try FileSystem.read(missing, limit: 1) } == ENOENT)
        #expect(number { try FileSystem.write([1], to: missing) } == ENOENT)
        #expect(number { _ = try FileSystem.list(missing) } == ENOENT)
        #expect(number { _ = try FileSystem.read(path, limit: 1) } == EISDIR)
        #expect(number { _ = try FileSystem.read("/dev/null", limit: 1) } == EINVAL)
        try FileSystem.write([1, 2], to: path + "/two")
        #expect(number { _ = try FileSystem.read(path + "/two", limit: 1) } == EFBIG)
        #expect(number { try FileSystem.makeDirectories(path + "/two") } == EEXIST)
        #expect(number { try FileSystem.makeDirectories(path + "/two/below") } == ENOTDIR)
        #expect(number { try FileSystem.makeDirectories("") } == ENOENT)
        #expect(number { try FileSystem.write([1], to: "") } != nil)
        #expect(try FileSystem.list(path) == ["two"])
        let error = SystemError(call: "open x", number: ENOENT)
        #expect(error.description == "open x: No such file or directory (errno 2)")
    }

    @Test func `makes directories and those above`() throws {
        let directory = try TemporaryDirectory()
        try FileSystem.makeDirectories(directory.path + "/a//b/c/", mode: 0o700)
        try FileSystem.makeDirectories(directory.path + "/a/b/c", mode: 0o755)
        #expect(FileSystem.kind(of: directory.path + "/a/b/c") == .directory)
        #expect(directory.mode("a") == 0o700)
        try FileSystem.makeDirectories("/")
        try FileSystem.makeDirectories(".")
    }

    @Test func `lists in order, removes, and tells kinds apart`() throws {
        let directory = try TemporaryDirectory()
        let long = String(repeating: "n", count: 255)
        for name in ["b", "a", ".hidden", long] { directory.close(try directory.create(name)) }
        #expect(try FileSystem.list(directory.path) == [".hidden", "a", "b", long])
        try FileSystem.remove(directory.path + "/a")
        try FileSystem.remove(directory.path + "/a")
        #expect(FileSystem.kind(of: directory.path + "/a") == nil)
        #expect(FileSystem.kind(of: directory.path + "/b") == .file)
        #expect(FileSystem.kind(of: "/dev/null") == .other)
    }
}

import Base
import Glibc
import Testing

@testable import HTTP

struct StaticFilesTests {
    private let style = Array(String(repeating: "a { color: red }\n", count: 200).utf8)

    private func withFiles(_ body: (TemporaryFolder, StaticFiles) async throws -> Void) async throws {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        try folder.write("site/a.css", style)
        try folder.write("site/deep/b.png", [1, 2, 3])
        try folder.write("site/.hidden.css", style)
        try await body(folder, try StaticFiles(folders: [("", folder.path + "/site")]))
    }

    private func get(_ files: StaticFiles, _ path: String, _ headers: [(String, String)] = []) async throws -> Response
    {
        let route = Route(.get, "/static/{path*}", access: .anyone, summary: "") { request in
            try files.respond(to: request, path: try request.text("path"))
        }
        let application = Application(routes: [route], log: Logger(component: "http", sink: Logger.nowhere))
        return await application.respond(to: try .make(.get, "/static/" + path, headers: headers))
    }

    @Test func `answers plain or compressed, each under a tag of its own`() async throws {
        try await withFiles { _, files in
            let plain = try await get(files, "a.css")
            let packed = try await get(files, "a.css", [("Accept-Encoding", "gzip")])
            #expect(plain.body == style)
            #expect(inflated(packed.body) == style)
            #expect(packed.header("Content-Encoding") == "gzip")
            for response in [plain, packed] { #expect(response.header("Vary") == "Accept-Encoding") }
            let tags = [plain, packed].compactMap { $0.header("ETag") }
            #expect(tags.count == 2 && tags[0] != tags[1])
            #expect(tags.allSatisfy { $0.hasPrefix("\"") })
            let picture = try await get(files, "deep/b.png", [("Accept-Encoding", "gzip")])
            #expect(picture.body == [1, 2, 3])
            #expect(picture.header("Vary") == nil)
        }
    }

    @Test func `a copy that is still right is not sent again`() async throws {
        try await withFiles { _, files in
            for accepted in [[], [("Accept-Encoding", "gzip")]] {
                let tag = try #require(try await get(files, "a.css", accepted).header("ETag"))
                let again = try await get(files, "a.css", accepted + [("If-None-Match", "\"other\", W/\(tag)")])
                #expect(again.status == .notModified)
                #expect(again.body.isEmpty)
                #expect(again.header("ETag") == tag)
                #expect(again.header("Vary") == "Accept-Encoding")
                #expect(try await get(files, "a.css", accepted + [("If-None-Match", "\"other\"")]).status == .ok)
            }
        }
    }

    @Test(arguments: [
        "../a.css", "deep/../a.css", "%2e%2e/a.css", ".hidden.css", "deep", "", "a.css/", "/a.css", "b.png",
    ])
    func `nothing but the files that were there exists`(path: String) async throws {
        try await withFiles { _, files in
            let answer = try await get(files, path)
            #expect(answer.status == .notFound)
        }
    }

    private static let large = (0..<3_000_000).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 >> 9) }

    private func withLargeFile(_ body: (TemporaryFolder, RawClient, Server) async throws -> Void) async throws {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        try folder.write("big.png", Self.large)
        let files = try StaticFiles(folders: [("", folder.path)])
        let served = route(.get, "/static/{path*}") { try files.respond(to: $0, path: try $0.text("path")) }
        try await withServer(routes: [served]) { server in
            try await body(folder, try RawClient(port: server.port, receiveBuffer: 8192), server)
        }
    }

    @Test func `a large file comes from the disk, whole and in parts, on one connection`() async throws {
        try await withLargeFile { _, client, _ in
            try client.get("/static/big.png")
            let whole = try client.answer()
            #expect(whole.body == Self.large)
            #expect(whole.header("Accept-Ranges") == "bytes")
            let tag = try #require(whole.header("ETag"))
            try client.get("/static/big.png", "Range: bytes=1000000-2999999\r\nIf-Range: \(tag)\r\n")
            let part = try client.answer()
            #expect(part.status == 206)
            #expect(part.header("Content-Range") == "bytes 1000000-2999999/3000000")
            #expect(part.body == Array(Self.large[1_000_000...]))
            try client.get("/static/big.png", "Range: bytes=-1\r\n")
            #expect(try client.answer().body == [Self.large[2_999_999]])
            try client.get("/static/big.png", "Range: bytes=3000000-\r\n")
            #expect(try client.answer().status == 416)
            try client.get("/static/big.png", "If-None-Match: \(tag)\r\n")
            #expect(try client.answer().status == 304)
            try client.send("HEAD /static/big.png HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(try client.answer(toHead: true).header("Content-Length") == "3000000")
            try client.get("/number/1")
            #expect(try client.answer().text == "number 1")
        }
    }

    @Test func `a file put in the place of a large one does not mix with it`() async throws {
        try await withLargeFile { folder, client, _ in
            try folder.write("big.png", [UInt8](repeating: 0, count: 2_000_000))
            try client.get("/static/big.png")
            #expect(try client.answer().body == Self.large)
        }
    }

    @Test func `who leaves in the middle of a file is forgotten`() async throws {
        try await withLargeFile { _, client, server in
            try client.get("/static/big.png")
            await eventually { server.connectionCount == 1 }
            do {
                let other = try RawClient(port: server.port, receiveBuffer: 4096)
                try other.get("/static/big.png")
                await eventually { server.connectionCount == 2 }
            }
            await eventually { server.connectionCount == 1 }
            #expect(try client.answer().body == Self.large)
        }
    }

    @Test func `links inside the folder are files, links out of it and pipes are not`() async throws {
        try await withFiles { folder, _ in
            let site = folder.path + "/site"
            try folder.write("secret.txt", [7])
            symlink("../secret.txt", site + "/out.txt")
            symlink(folder.path, site + "/up")
            symlink(".", site + "/loop")
            symlink("a.css", site + "/in.css")
            let files = try StaticFiles(folders: [("", site)])
            #expect(try await get(files, "in.css").body == style)
            for path in ["out.txt", "up/secret.txt", "loop/a.css"] {
                let answer = try await get(files, path)
                #expect(answer.status == .notFound)
            }
        }
    }
}

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
}

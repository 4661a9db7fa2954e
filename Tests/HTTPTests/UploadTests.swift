import Base
import Testing

@testable import HTTP

struct UploadTests {
    private static let type = "multipart/form-data; boundary=\"b-1\""

    private static func form(_ parts: [(head: String, content: [UInt8])]) -> [UInt8] {
        parts.flatMap {
            Array("--b-1\r\nContent-Disposition: form-data; \($0.head)\r\n\r\n".utf8) + $0.content + [13, 10]
        }
            + Array("--b-1--\r\n".utf8)
    }

    private let picture =
        [UInt8]("\r\n--b-\r\n--b-2\r\n\r\n--".utf8) + (0..<200_000).map { UInt8(truncatingIfNeeded: $0 &* 7) }

    private var whole: [UInt8] {
        Self.form([
            (#"name="title""#, Array("Ол\u{ea}".utf8)), (#"name="empty""#, []),
            ("name=\"p\"; filename=\"C:\\d/..\\a b.png\"\r\nContent-Type: image/png", picture),
            (#"name="none"; filename="""#, []),
        ])
    }

    private func events(_ bytes: [UInt8], by step: Int) throws -> [MultipartParser.Event] {
        var parser = try #require(MultipartParser(contentType: Self.type))
        var events: [MultipartParser.Event] = []
        for start in stride(from: 0, to: bytes.count, by: step) {
            for event in try parser.feed(Array(bytes[start..<min(bytes.count, start + step)])) {
                if case .data(let more) = event, case .data(let before)? = events.last {
                    events[events.count - 1] = .data(before + more)
                } else {
                    events.append(event)
                }
            }
        }
        #expect(parser.isFinished)
        return events
    }

    @Test func `a mark after a quote, a colon or an equals sign hides none of them`() throws {
        let parameters = HeaderParameters("Form-Data\u{301}; name=\"a\"\u{301}; Other=\u{301}b;\u{301}c=d; name=e")
        #expect(parameters.value == "form-data\u{301}")
        #expect(parameters["name"] == "a")
        #expect(parameters["other"] == "\u{301}b")
        #expect(parameters["\u{301}c"] == "d")
        let form =
            "--b-1\r\nX:\u{301}\r\nContent-Disposition: form-data; name=\"a\"\u{301}; filename=x\r\n\r\n\r\n--b-1--"
        #expect(
            try events(Array(form.utf8), by: 1) == [
                .part(name: "a", fileName: "x", type: "text/plain"), .endOfPart,
            ])
    }

    @Test(arguments: [1, 2, 3, 7, 64])
    func `cuts the same parts from pieces of any size`(step: Int) throws {
        let form = Self.form([
            (#"name="a""#, Array("\r\n--b-\r\n".utf8)), (#"name="b"; filename="x""#, []), ("name=c", [1]),
        ])
        #expect(
            try events(form, by: step) == [
                .part(name: "a", fileName: nil, type: "text/plain"), .data(Array("\r\n--b-\r\n".utf8)), .endOfPart,
                .part(name: "b", fileName: "x", type: "text/plain"), .endOfPart,
                .part(name: "c", fileName: nil, type: "text/plain"), .data([1]), .endOfPart,
            ])
    }

    @Test(arguments: [
        "--b-1x\r\n", "--b-1\r\n\r\n", "--b-1\r\nnonsense\r\n\r\n", "--b-1\r\nContent-Disposition: attachment\r\n\r\n",
        "--b-1\r\nContent-Disposition: form-data\r\n\r\n", "--b-1\r\nA: " + String(repeating: "x", count: 9000),
        "--b-1" + String(repeating: " ", count: 100), "", "--b-1\r\nContent-Disposition: form-data; name=a\r\n\r\nx",
        "--b-1\r\nContent-Disposition: form-data; name=a\nb\r\n\r\n\r\n--b-1--",
        "--b-1\r\nContent-Disposition: form-data; name=a\u{0}\r\n\r\n\r\n--b-1--",
    ])
    func `a form that can't be read or has no end is a 400, and leaves nothing`(form: String) async throws {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        let uploads = try UploadFolder(folder.path)
        let request = try Request.make(.post, "/", headers: [("Content-Type", Self.type)], body: Array(form.utf8))
        let error = await #expect(throws: HTTPError.self) { try await request.upload(into: uploads) }
        #expect(error?.status == .badRequest)
    }

    @Test func `fields are in memory, files in the folder until nobody holds them`() async throws {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        let uploads = try UploadFolder(folder.path)
        do {
            let request = try Request.make(.post, "/", headers: [("Content-Type", Self.type)], body: whole)
            let upload = try await request.upload(into: uploads)
            #expect(upload["title"] == "Ол\u{ea}" && upload["empty"] == "")
            #expect(upload.files.count == 1)
            let file = try #require(upload.file("p"))
            #expect(file.name == "a b.png" && file.type == "image/png" && file.size == picture.count)
            #expect(folder.names.count == 1)
            #expect(try FileSystem.read(file.path, limit: 1 << 20) == picture)
        }
        #expect(folder.names.isEmpty)
    }

    @Test func `a claimed file stays`() async throws {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        let uploads = try UploadFolder(folder.path)
        do {
            let request = try Request.make(.post, "/", headers: [("Content-Type", Self.type)], body: whole)
            try await request.upload(into: uploads).file("p")?.claim(as: folder.path + "/kept.png")
        }
        #expect(folder.names == ["kept.png"])
        #expect(try FileSystem.read(folder.path + "/kept.png", limit: 1 << 20) == picture)
    }

    @Test func `limits name the field, and what was written is removed`() async throws {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        let uploads = try UploadFolder(folder.path)
        func failure(_ adjust: (inout UploadLimits) -> Void) async throws -> HTTPError? {
            var limits = UploadLimits()
            adjust(&limits)
            let request = try Request.make(.post, "/", headers: [("Content-Type", Self.type)], body: whole)
            let bounds = limits
            return await #expect(throws: HTTPError.self) { try await request.upload(into: uploads, limits: bounds) }
        }
        #expect(try await failure { $0.file = 1000 }?.fields.map(\.name) == ["p"])
        #expect(try await failure { $0.field = 3 }?.fields.map(\.name) == ["title"])
        #expect(try await failure { $0.parts = 3 }?.status == .contentTooLarge)
        #expect(folder.names.isEmpty)
        let other = try Request.make(.post, "/", headers: [("Content-Type", "text/plain")], body: whole)
        let error = await #expect(throws: HTTPError.self) { try await other.upload(into: uploads) }
        #expect(error?.status == .unsupportedMediaType)
    }

    @Test func `what dead processes left is swept, what is in the making and what was kept is not`() async throws {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        try folder.write(".upload-left", [1])
        try folder.write("kept.png", [2])
        let uploads = try UploadFolder(folder.path)
        #expect(folder.names == ["kept.png"])
        let request = try Request.make(.post, "/", headers: [("Content-Type", Self.type)], body: whole)
        let upload = try await request.upload(into: uploads)
        _ = try UploadFolder(folder.path)
        #expect(folder.names.count == 2)
        try await upload.file("p")?.claim(as: folder.path + "/mine.png")
        #expect(Set(folder.names) == ["kept.png", "mine.png"])
    }
}

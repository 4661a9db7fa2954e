import Base
import Glibc
import Reactor

/// Bounds of one form with files, in bytes and pieces. The route's content limit holds besides.
package struct UploadLimits: Sendable {
    package var parts = 100
    package var field = 64 * 1024
    package var file = 32 << 20

    package init() {}
}

/// What a `multipart/form-data` form brought: plain fields in memory, files in a folder.
package struct Upload: Sendable {
    package fileprivate(set) var fields: [(name: String, value: String)] = []
    package fileprivate(set) var files: [UploadedFile] = []

    /// The first value called `name`.
    package subscript(_ name: String) -> String? { fields.first { $0.name == name }?.value }

    package func file(_ name: String) -> UploadedFile? { files.first { $0.field == name } }
}

/// One file of a form, under a random name in the upload folder; removed with its last holder unless it was claimed.
///
/// Used by one task at a time (`@unchecked Sendable` on that ground).
package final class UploadedFile: @unchecked Sendable {
    /// The form's field.
    package let field: String
    /// As the client calls it, without folders and control characters: to be shown, never to be opened.
    package let name: String
    /// As the client calls it.
    package let type: String
    package fileprivate(set) var size = 0
    package let path: String
    private let descriptor: Int32
    private var isClaimed = false

    fileprivate init(field: String, name: String, type: String, folder: UploadFolder) throws(SystemError) {
        self.field = field
        let last = name.split { $0 == "/" || $0 == "\\" }.last ?? ""
        self.name = String(
            String.UnicodeScalarView(last.unicodeScalars.filter { $0.value >= 0x20 && $0.value != 0x7F }))
        self.type = type
        (path, descriptor) = try folder.makeFile()
    }

    deinit {
        close(descriptor)
        if !isClaimed { unlink(path) }
    }

    fileprivate func write(_ bytes: [UInt8]) async throws {
        let descriptor = descriptor
        // A disk may make its writer wait; the loop must not.
        let failure: Int32 = await HelperThread.shared.run {
            var offset = 0
            while offset < bytes.count {
                let count = bytes[offset...].withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
                if count < 0, errno == EINTR { continue }
                guard count > 0 else { return errno }
                offset += count
            }
            return 0
        }
        guard failure == 0 else { throw SystemError(call: "write \(path)", number: failure) }
        size += bytes.count
    }

    /// Keeps the file under `path`, on the same file system, replacing what is there; its content is on the disk before its name is.
    package func claim(as path: String) async throws {
        let (descriptor, temporary) = (descriptor, self.path)
        let failure: Int32 = await HelperThread.shared.run {
            fsync(descriptor) == 0 && rename(temporary, path) == 0 ? 0 : errno
        }
        guard failure == 0 else { throw SystemError(call: "keep \(path)", number: failure) }
        isClaimed = true
    }
}

extension Request {
    /// Reads a form with files; large ones want a route with `streamingBody`.
    ///
    /// - Parameter folder: files lie there until they are claimed or forgotten.
    /// - Throws: `HTTPError` 415 for another type, 400 for a malformed form, 413 for too many parts, 422 that names the field that is
    ///   too large; `SystemError` when the disk fails. What was written is removed then.
    package func upload(into folder: UploadFolder, limits: UploadLimits = UploadLimits()) async throws -> Upload {
        guard var parser = MultipartParser(contentType: header("content-type") ?? "") else {
            throw HTTPError(.unsupportedMediaType, detail: "The content must be multipart/form-data.")
        }
        var upload = Upload()
        var parts = 0
        var field: (name: String, value: [UInt8])?
        var file: UploadedFile?
        while let piece = try await content.next() {
            for event in try parser.feed(piece) {
                switch event {
                case .part(let name, let fileName, let type):
                    parts += 1
                    guard parts <= limits.parts else {
                        throw HTTPError(.contentTooLarge, detail: "The form may have \(limits.parts) parts at most.")
                    }
                    if let fileName {
                        file = try UploadedFile(field: name, name: fileName, type: type, folder: folder)
                    } else {
                        field = (name, [])
                    }
                case .data(let bytes):
                    if let file {
                        guard file.size + bytes.count <= limits.file else {
                            throw Self.tooLarge(file.field, limits.file)
                        }
                        try await file.write(bytes)
                    } else if let name = field?.name {
                        field?.value += bytes
                        guard (field?.value.count ?? 0) <= limits.field else { throw Self.tooLarge(name, limits.field) }
                    }
                case .endOfPart:
                    // A browser sends a nameless empty file for a field where none was chosen.
                    if let file, !(file.name.isEmpty && file.size == 0) { upload.files.append(file) }
                    if let field {
                        guard let value = String(validating: field.value, as: UTF8.self) else {
                            throw HTTPError.field(field.name, "is not UTF-8")
                        }
                        upload.fields.append((field.name, value))
                    }
                    (file, field) = (nil, nil)
                }
            }
        }
        guard parser.isFinished else { throw HTTPError(.badRequest, detail: "The form ends in the middle.") }
        return upload
    }

    private static func tooLarge(_ field: String, _ limit: Int) -> HTTPError {
        .field(field, "may have \(limit) bytes at most")
    }
}

import Base
import Glibc

/// An open file that answers are sent from, by the system and without a copy in memory. Closed with its last holder.
///
/// Once open it is read by its descriptor: a file put in its place under the same name is another file.
package final class ServedFile: Sendable {
    let descriptor: Int32

    /// Blocks for as long as the disk takes to find the name. A link as the last name is not followed.
    ///
    /// - Throws: `SystemError`; `EINVAL` for what isn't a regular file.
    package init(_ path: String) throws(SystemError) {
        // Without O_NONBLOCK, opening a pipe would wait for its writer.
        descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)
        guard descriptor >= 0 else { throw SystemError(call: "open \(path)") }
        var information = stat()
        guard fstat(descriptor, &information) == 0, information.st_mode & S_IFMT == S_IFREG else {
            throw SystemError(call: "serve \(path)", number: EINVAL)
        }
    }

    deinit { close(descriptor) }

    /// These bytes of the file, in memory. Blocks.
    func read(_ range: Range<Int>) throws(SystemError) -> [UInt8] {
        var content: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 65_536)
        while content.count < range.count {
            let wanted = min(chunk.count, range.count - content.count)
            let count = pread(descriptor, &chunk, wanted, off_t(range.lowerBound + content.count))
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw SystemError(call: "read a served file", number: count == 0 ? EIO : errno) }
            content.append(contentsOf: chunk[..<count])
        }
        return content
    }

    /// Size in bytes and time of the last change, as they are now.
    package func state() -> (size: Int, modified: Timestamp) {
        var information = stat()
        guard fstat(descriptor, &information) == 0 else { return (0, Timestamp(microseconds: 0)) }
        let time = information.st_mtim
        return (
            Int(information.st_size),
            Timestamp(microseconds: Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1000)
        )
    }
}

extension Response {
    /// The file as it is now, whole or the part that is asked for, under validators made of its size and time.
    package static func file(_ file: ServedFile, type: String) -> Response {
        let (size, modified) = file.state()
        var response = Response(headers: [("Content-Type", type)])
        response.add("ETag", "\"\(String(size, radix: 16))-\(String(modified.microseconds, radix: 16))\"")
        response.add("Last-Modified", HTTPDate.text(modified))
        response.source = .file(file, 0..<size)
        response.offerRanges()
        return response
    }
}

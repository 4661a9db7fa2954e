import Base
import Fetch
import Glibc
import Reactor
import Synchronization
import TestGround

@testable import Keitaro

/// A tracker of prepared answers on loopback: one connection and one answer per request, in order. Keeps what it was asked.
final class LoopbackTracker: Sendable {
    enum Answer: Sendable {
        case json(Int, String)
        case other(Int, headers: String, body: String)
        /// Closes without a word.
        case hangUp
        /// Keeps silent until the client goes.
        case silence
    }

    struct Asked: Equatable {
        /// `GET /admin_api/v1/groups?type=campaigns`
        let line: String
        let key: String
        let body: String
    }

    private let listener = LoopbackListener()
    private let loop: EventLoop
    private let requests = Mutex<[Asked]>([])
    let fetch: Fetch

    init(_ answers: Answer...) throws {
        signal(SIGPIPE, SIG_IGN)
        loop = try EventLoop(name: "keitaro-test")
        fetch = Fetch(loops: [loop])
        loop.start()
        HelperThread.detach(name: "tracker") { [listener, weak self] in
            for answer in answers {
                guard let fd = listener.accept() else { return }
                self?.serve(fd, answer)
                close(fd)
            }
        }
    }

    deinit {
        listener.stop()
        loop.stop()
    }

    var asked: [Asked] { requests.withLock { $0 } }
    var lines: [String] { asked.map(\.line) }

    /// Deadlines are long unless a test is about them: how busy the machine is must not decide.
    func client(
        deadlines: KeitaroClient.Deadlines = .init(read: .seconds(300), write: .seconds(300), report: .seconds(300)),
        dialects: KeitaroDialects = KeitaroDialects()
    ) -> KeitaroClient {
        KeitaroClient(
            baseURL: "http://127.0.0.1:\(listener.port)", fetch: fetch,
            log: Logger(component: "test", sink: Logger.nowhere),
            deadlines: deadlines, dialects: dialects)
    }

    private func serve(_ fd: Int32, _ answer: Answer) {
        var text = ""
        while !isWhole(text) {
            guard let more = read(fd) else { return }
            text += more
        }
        let lines = text.split(separator: "\r\n", omittingEmptySubsequences: false)
        let key = lines.first { $0.lowercased().hasPrefix("api-key: ") }?.dropFirst(9) ?? ""
        let line = lines[0].hasSuffix(" HTTP/1.1") ? lines[0].dropLast(9) : lines[0]
        requests.withLock { $0.append(Asked(line: String(line), key: String(key), body: String(lines.last ?? ""))) }
        switch answer {
        case .json(let status, let body):
            write(
                fd,
                "HTTP/1.1 \(status) X\r\nContent-Type: application/json\r\nContent-Length: \(body.utf8.count)\r\nConnection: close\r\n\r\n\(body)"
            )
        case .other(let status, let headers, let body):
            write(
                fd,
                "HTTP/1.1 \(status) X\r\n\(headers)Content-Length: \(body.utf8.count)\r\nConnection: close\r\n\r\n\(body)"
            )
        case .hangUp: break
        case .silence: while read(fd) != nil {}
        }
    }

    private func isWhole(_ text: String) -> Bool {
        let parts = text.split(separator: "\r\n\r\n", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2 else { return false }
        let field = parts[0].split(separator: "\r\n").first { $0.lowercased().hasPrefix("content-length: ") }
        return parts[1].utf8.count >= field.flatMap { Int($0.dropFirst(16)) } ?? 0
    }

    private func read(_ fd: Int32) -> String? {
        var buffer = [UInt8](repeating: 0, count: 65_536)
        let count = recv(fd, &buffer, buffer.count, 0)
        return count > 0 ? String(decoding: buffer[..<count], as: UTF8.self) : nil
    }

    private func write(_ fd: Int32, _ text: String) {
        let bytes = Array(text.utf8)
        _ = send(fd, bytes, bytes.count, Int32(MSG_NOSIGNAL))
    }
}

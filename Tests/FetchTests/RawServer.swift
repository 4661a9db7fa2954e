import Glibc
import Reactor
import Synchronization
import TestGround

/// A server on loopback that does exactly what a test tells it, faults included. Each connection has a thread of its own.
final class RawServer: Sendable {
    private let listener = LoopbackListener()
    private let accepted = Mutex(0)

    /// `serve` is called with each connection and its number, from 1; the connection is closed when it returns.
    init(_ serve: @escaping @Sendable (RawConnection, Int) -> Void) {
        HelperThread.detach(name: "raw-server") { [listener, weak self] in
            while true {
                guard let fd = listener.accept() else { return }
                guard let self else {
                    Glibc.close(fd)
                    return
                }
                let number = self.accepted.withLock { count in
                    count += 1
                    return count
                }
                HelperThread.detach(name: "raw-connection") {
                    let connection = RawConnection(fd: fd)
                    serve(connection, number)
                    connection.close()
                }
            }
        }
    }

    deinit {
        listener.stop()
    }

    var port: UInt16 { listener.port }

    /// How many connections have come in.
    var connections: Int { accepted.withLock { $0 } }

    func url(_ path: String = "/") -> String { "http://127.0.0.1:\(port)\(path)" }

    /// A port on which nobody listens.
    static func closedPort() -> UInt16 {
        let server = RawServer { _, _ in }
        return server.port
    }
}

/// The server's end of one connection, blocking.
final class RawConnection: Sendable {
    let fd: Int32
    private let isOpen = Mutex(true)

    init(fd: Int32) { self.fd = fd }

    /// One request, or nil when the client has gone.
    func request() -> RawRequest? {
        var bytes: [UInt8] = []
        while true {
            if let request = RawRequest(bytes) { return request }
            guard let more = read() else { return nil }
            bytes += more
        }
    }

    /// The next bytes, or nil at the end.
    func read() -> [UInt8]? {
        var buffer = [UInt8](repeating: 0, count: 65536)
        let count = recv(fd, &buffer, buffer.count, 0)
        return count > 0 ? Array(buffer[..<count]) : nil
    }

    func write(_ text: String) { write(Array(text.utf8)) }

    func write(_ bytes: [UInt8]) {
        var start = 0
        while start < bytes.count {
            let count = bytes.withUnsafeBytes { buffer in
                send(fd, buffer.baseAddress.map { $0 + start }, bytes.count - start, Int32(MSG_NOSIGNAL))
            }
            if count <= 0 { return }
            start += count
        }
    }

    /// An answer with a length.
    func answer(_ status: String = "200 OK", _ headers: [String] = [], body: String = "") {
        let lines = ["HTTP/1.1 \(status)", "Content-Length: \(body.utf8.count)"] + headers
        write(lines.joined(separator: "\r\n") + "\r\n\r\n" + body)
    }

    /// Waits until the client has gone.
    func waitForEnd() { while read() != nil {} }

    /// Breaks the connection off with RST.
    func reset() {
        var linger = linger(l_onoff: 1, l_linger: 0)
        setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, socklen_t(MemoryLayout<Glibc.linger>.size))
        close()
    }

    func close() {
        isOpen.withLock { open in
            if open { _ = Glibc.close(fd) }
            open = false
        }
    }
}

struct RawRequest {
    let line: String
    let headers: [String: String]
    let body: String

    /// Nil while the request is not whole yet.
    init?(_ bytes: [UInt8]) {
        let end = Array("\r\n\r\n".utf8)
        guard let split = (0..<bytes.count).first(where: { bytes[$0...].starts(with: end) }) else { return nil }
        let lines = String(decoding: bytes[..<split], as: UTF8.self).split(separator: "\r\n").map(String.init)
        line = lines.first ?? ""
        var headers: [String: String] = [:]
        for text in lines.dropFirst() {
            let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
            headers[parts[0].lowercased()] = parts.count == 2 ? parts[1].drop { $0 == " " }.description : ""
        }
        self.headers = headers
        let length = headers["content-length"].flatMap { Int($0) } ?? 0
        let rest = bytes[(split + 4)...]
        guard rest.count >= length else { return nil }
        body = String(decoding: rest.prefix(length), as: UTF8.self)
    }
}

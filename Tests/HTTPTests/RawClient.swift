import CLinux
import Glibc
import HTTP
import Reactor

/// The client's end of one connection: blocking, and exact to the byte. A wait that lasts a minute is a failure.
final class RawClient {
    struct Failure: Error { let reason: String }

    struct Answer: Equatable {
        var status: Int
        var headers: [String]
        var body: [UInt8]

        var text: String { String(decoding: body, as: UTF8.self) }

        func header(_ name: String) -> String? {
            headers.first { $0.lowercased().hasPrefix(name.lowercased() + ": ") }.map {
                String($0.dropFirst(name.count + 2))
            }
        }
    }

    private let fd: Int32
    private let tls: TLSClient?
    private var received: [UInt8] = []

    /// - Parameter receiveBuffer: the system's buffer for what hasn't been read, in bytes; small ones make slow readers.
    init(port: UInt16, receiveBuffer: Int32? = nil, isEncrypted: Bool = false) throws {
        tls = isEncrypted ? try TLSClient(port: port, receiveBuffer: receiveBuffer) : nil
        fd = try tls?.fd ?? loopbackSocket(port: port, receiveBuffer: receiveBuffer)
    }

    deinit { if tls == nil { close(fd) } }

    func send(_ text: String) throws { try send(Array(text.utf8)) }

    func send(_ bytes: [UInt8]) throws {
        if let tls { return try tls.send(bytes) }
        var sent = 0
        while sent < bytes.count {
            let count = bytes[sent...].withUnsafeBytes { sluice_send(fd, $0.baseAddress, $0.count) }
            guard count > 0 else { throw Failure(reason: "send: errno \(errno)") }
            sent += count
        }
    }

    func get(_ target: String, _ fields: String = "") throws {
        try send("GET \(target) HTTP/1.1\r\nHost: a\r\n\(fields)\r\n")
    }

    /// No more will be sent; answers are still read.
    func finishSending() { shutdown(fd, Int32(SHUT_WR)) }

    /// One answer, and not a byte of the next.
    func answer(toHead: Bool = false) throws -> Answer {
        while true {
            if let end = received.firstRange(of: Array("\r\n\r\n".utf8)) {
                let lines = String(decoding: received[..<end.lowerBound], as: UTF8.self).split(separator: "\r\n")
                received.removeFirst(end.upperBound)
                let status = lines.first?.split(separator: " ").dropFirst().first.flatMap { Int($0) }
                guard let status, lines[0].hasPrefix("HTTP/1.1 ") else {
                    throw Failure(reason: "not an answer: \(lines)")
                }
                var answer = Answer(status: status, headers: lines.dropFirst().map(String.init), body: [])
                let length = answer.header("Content-Length").flatMap { Int($0) } ?? 0
                if !toHead {
                    while received.count < length { try receive() }
                    answer.body = Array(received.prefix(length))
                    received.removeFirst(length)
                }
                return answer
            }
            try receive()
        }
    }

    /// The next chunk of a chunked answer whose head was taken with `answer(toHead: true)`; empty for the last.
    func chunk() throws -> [UInt8] {
        while true {
            if let end = received.firstRange(of: Array("\r\n".utf8)) {
                guard let count = Int(String(decoding: received[..<end.lowerBound], as: UTF8.self), radix: 16) else {
                    throw Failure(reason: "not a chunk")
                }
                let whole = end.upperBound + count + 2
                while received.count < whole { try receive() }
                defer { received.removeFirst(whole) }
                guard received[whole - 2] == 0x0D, received[whole - 1] == 0x0A else {
                    throw Failure(reason: "a chunk doesn't end")
                }
                return Array(received[end.upperBound..<whole - 2])
            }
            try receive()
        }
    }

    /// All chunks to the last.
    func chunks() throws -> [UInt8] {
        var content: [UInt8] = []
        while case let chunk = try chunk(), !chunk.isEmpty { content += chunk }
        return content
    }

    /// Everything up to the orderly end of the connection; a reset is a failure.
    func rest() throws -> [UInt8] {
        do {
            while true { try receive() }
        } catch let failure as Failure where failure.reason == "closed" {
            defer { received = [] }
            return received
        }
    }

    /// Waits for the server to close; true when nothing came before that.
    func isClosedSilently() throws -> Bool { try rest().isEmpty }

    private func receive() throws {
        if let tls {
            let piece = try tls.receive()
            if piece.isEmpty { throw Failure(reason: "closed") }
            received += piece
            return
        }
        var buffer = [UInt8](repeating: 0, count: 64 * 1024)
        let count = recv(fd, &buffer, buffer.count, 0)
        if count == 0 { throw Failure(reason: "closed") }
        guard count > 0 else { throw Failure(reason: "recv: errno \(errno)") }
        received.append(contentsOf: buffer[..<count])
    }
}

/// A blocking socket connected to a port of loopback, which the caller closes. Its waits end after a minute.
func loopbackSocket(port: UInt16, receiveBuffer: Int32? = nil) throws -> Int32 {
    let fd = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
    var limit = timeval(tv_sec: 60, tv_usec: 0)
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
    if var size = receiveBuffer { setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, 4) }
    Socket.disableNagle(fd)
    var target = sockaddr_in()
    target.sin_family = sa_family_t(AF_INET)
    target.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    target.sin_port = port.bigEndian
    let result = withUnsafeBytes(of: &target) { bytes in
        connect(
            fd, bytes.baseAddress?.assumingMemoryBound(to: sockaddr.self),
            socklen_t(MemoryLayout<sockaddr_in>.size))
    }
    guard result == 0 else {
        let number = errno
        close(fd)
        throw RawClient.Failure(reason: "connect: errno \(number)")
    }
    return fd
}

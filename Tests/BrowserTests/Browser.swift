import Base
import Glibc

/// Headless Chromium, driven over the DevTools protocol by pipe: JSON messages with a NUL between them. Used by one test at a time.
final class Browser: @unchecked Sendable {
    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    private let process: RunningProcess
    private let toBrowser: Int32
    private let fromBrowser: Int32
    private var received: [UInt8] = []
    private var nextID: Int64 = 1
    /// What pages complained about: exceptions, console errors, refused resources.
    private(set) var complaints: [String] = []
    private let profile: String

    init() throws {
        let known = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"]
        guard let program = known.first(where: { (path: String) in access(path, X_OK) == 0 }) else {
            throw Failure(description: "Chromium is missing: run bin/setup --tests")
        }
        profile = try TemporaryFolder.make("chromium")
        var toChild: [Int32] = [0, 0]
        var fromChild: [Int32] = [0, 0]
        guard pipe(&toChild) == 0, pipe(&fromChild) == 0 else { throw Failure(description: "no pipe") }
        toBrowser = fcntl(toChild[1], F_DUPFD_CLOEXEC, 30)
        fromBrowser = fcntl(fromChild[0], F_DUPFD_CLOEXEC, 30)
        close(toChild[1])
        close(fromChild[0])
        process = try RunningProcess(
            [
                program, "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
                "--hide-scrollbars", "--remote-debugging-pipe", "--user-data-dir=\(profile)", "about:blank",
            ], environment: ["HOME": profile], descriptors: [(3, toChild[0]), (4, fromChild[1])])
    }

    deinit {
        process.stop(SIGKILL)
        close(toBrowser)
        close(fromBrowser)
        TemporaryFolder.remove(profile)
    }

    func clearComplaints() { complaints = [] }

    /// One command and its result.
    @discardableResult
    func call(_ method: String, _ parameters: JSON = [:], session: String? = nil) throws -> JSON {
        let id = nextID
        nextID += 1
        var message: JSON = ["id": .integer(id), "method": .string(method), "params": parameters]
        if let session { message["sessionId"] = .string(session) }
        try send(message.bytes + [0])
        while true {
            let answer = try next()
            if answer["id"]?.intValue == id {
                if let error = answer["error"] { throw Failure(description: "\(method): \(error.text)") }
                return answer["result"] ?? [:]
            }
            notice(answer)
        }
    }

    private func notice(_ event: JSON) {
        let details = event["params"] ?? [:]
        switch event["method"]?.stringValue {
        case "Runtime.exceptionThrown":
            complaints.append(
                "exception: \(details["exceptionDetails"]?["exception"]?["description"]?.stringValue ?? details.text)")
        case "Runtime.consoleAPICalled" where details["type"]?.stringValue == "error":
            complaints.append("console: \(details["args"]?.text ?? "")")
        case "Log.entryAdded" where details["entry"]?["level"]?.stringValue == "error":
            let entry = details["entry"] ?? [:]
            // A refused request is the page's business; what it shows is what a test looks at.
            if entry["source"]?.stringValue != "network" {
                complaints.append("log: \(entry["text"]?.stringValue ?? "")")
            }
        default: break
        }
    }

    private func send(_ bytes: [UInt8]) throws {
        var offset = 0
        while offset < bytes.count {
            let count = bytes.withUnsafeBytes {
                Glibc.write(toBrowser, $0.baseAddress.map { $0 + offset }, bytes.count - offset)
            }
            guard count > 0 else { throw Failure(description: "the browser is gone") }
            offset += count
        }
    }

    private func next() throws -> JSON {
        var buffer = [UInt8](repeating: 0, count: 65536)
        while true {
            if let end = received.firstIndex(of: 0) {
                let message = Array(received[..<end])
                received.removeFirst(end + 1)
                return try JSON(parsing: message)
            }
            var ready = pollfd(fd: fromBrowser, events: Int16(POLLIN), revents: 0)
            guard poll(&ready, 1, 60_000) > 0 else { throw Failure(description: "the browser was silent for a minute") }
            let count = read(fromBrowser, &buffer, buffer.count)
            guard count > 0 else { throw Failure(description: "the browser is gone") }
            received.append(contentsOf: buffer[0..<count])
        }
    }
}

enum TemporaryFolder {
    /// Passable for the private cluster's own user when the tests run as root.
    static func make(_ name: String) throws -> String {
        var template = Array("/tmp/sluice-\(name)-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw Browser.Failure(description: "no temporary folder") }
        let path = template.withUnsafeBufferPointer { $0.baseAddress.map { String(cString: $0) } ?? "" }
        chmod(path, 0o711)
        return path
    }

    static func remove(_ path: String) {
        guard path.hasPrefix("/tmp/sluice-") else { return }
        if let remover = try? RunningProcess(["/bin/rm", "-rf", path]) { _ = try? remover.line(after: "never") }
    }
}

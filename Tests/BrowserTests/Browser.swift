import Base
import Glibc
import Reactor
import TestGround

/// Headless Chromium, driven over the DevTools protocol by pipe: JSON messages, a NUL after each.
///
/// `@unchecked Sendable`: what is received and who waits is touched only on the loop's thread.
final class Browser: ReadinessHandler, @unchecked Sendable {
    private typealias Waiting = CheckedContinuation<JSON, any Error>

    private let process: ProgramProcess
    private let loop: EventLoop
    private let toBrowser: Int32
    private let fromBrowser: Int32
    private var registration: Registration?
    private var received: [UInt8] = []
    private var waiting: [Int64: Waiting] = [:]
    private var listeners: [String: @Sendable (_ event: String, _ details: JSON) -> Void] = [:]
    private var nextID: Int64 = 1

    /// Nothing is waited for longer than this; on a busy machine Chromium's start takes seconds.
    private static let patience = Duration.seconds(60)

    init() throws {
        let known = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"]
        guard let program = known.first(where: { access($0, X_OK) == 0 }) else {
            throw TestFailure("Chromium is missing, and pages are tested in a real browser: run bin/setup --tests")
        }
        signal(SIGPIPE, SIG_IGN)
        let profile = try TemporaryFolder("chromium")
        var toChild: [Int32] = [0, 0]
        var fromChild: [Int32] = [0, 0]
        guard pipe(&toChild) == 0, pipe(&fromChild) == 0 else {
            throw TestFailure("no pipe can be made")
        }
        toBrowser = toChild[1]
        fromBrowser = fromChild[0]
        for ours in [toBrowser, fromBrowser] { _ = fcntl(ours, F_SETFD, FD_CLOEXEC) }
        process = try ProgramProcess(
            [
                program, "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
                "--hide-scrollbars", "--lang=en", "--accept-lang=en", "--user-data-dir=\(profile.path)",
                "--remote-debugging-pipe", "about:blank",
            ], environment: ["HOME": profile.path], descriptors: [(3, toChild[0]), (4, fromChild[1])], folder: profile)
        loop = try EventLoop(name: "browser")
        loop.start()
        loop.execute { [self] in
            registration = try? loop.register(fromBrowser, events: .readable, handler: self)
        }
    }

    // MARK: Commands

    /// One command and its result.
    @discardableResult
    func call(_ method: String, _ parameters: JSON = [:], session: String? = nil) async throws -> JSON {
        let answer = try await withCheckedThrowingContinuation { continuation in
            loop.execute { [self] in send(method, parameters, session, continuation) }
        }
        if let error = answer["error"] {
            throw Refusal(method: method, text: error["message"]?.stringValue ?? error.text)
        }
        return answer["result"] ?? [:]
    }

    /// The browser answered that it can't: the page went away under the command, say.
    struct Refusal: Error, CustomStringConvertible {
        let method: String
        let text: String
        var description: String { "\(method): \(text)" }
    }

    /// Hands every event of a session to `listener`, on the browser's thread, until `nil` is given.
    func listen(_ session: String, _ listener: (@Sendable (_ event: String, _ details: JSON) -> Void)?) {
        loop.execute { [self] in listeners[session] = listener }
    }

    // MARK: The pipe (loop's thread only)

    private func send(_ method: String, _ parameters: JSON, _ session: String?, _ continuation: Waiting) {
        guard registration != nil else {
            continuation.resume(throwing: TestFailure("\(method): the browser is gone"))
            return
        }
        let id = nextID
        nextID += 1
        waiting[id] = continuation
        loop.schedule(after: Self.patience) { [self] in
            waiting.removeValue(forKey: id)?.resume(throwing: TestFailure("\(method): no answer in a minute"))
        }
        var message: JSON = ["id": .integer(id), "method": .string(method), "params": parameters]
        if let session { message["sessionId"] = .string(session) }
        let bytes = message.bytes + [0]
        // Chromium reads all the time: a pipe that is full for a moment may hold up this thread.
        var offset = 0
        while offset < bytes.count {
            let count = bytes[offset...].withUnsafeBytes { Glibc.write(toBrowser, $0.baseAddress, $0.count) }
            guard count > 0 else { return end() }
            offset += count
        }
    }

    func ready(_ events: ReadyEvents) {
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        let count = read(fromBrowser, &buffer, buffer.count)
        guard count > 0 else { return end() }
        for part in buffer[..<count].split(separator: 0, omittingEmptySubsequences: false).enumerated() {
            if part.offset > 0 {
                let message = received
                received = []
                if let message = try? JSON(parsing: message) { take(message) }
            }
            received.append(contentsOf: part.element)
        }
    }

    private func take(_ message: JSON) {
        if let id = message["id"]?.intValue {
            waiting.removeValue(forKey: id)?.resume(returning: message)
        } else if let session = message["sessionId"]?.stringValue, let event = message["method"]?.stringValue {
            listeners[session]?(event, message["params"] ?? [:])
        }
    }

    private func end() {
        if let registration { loop.deregister(fromBrowser, registration) }
        registration = nil
        for (_, continuation) in waiting { continuation.resume(throwing: TestFailure("the browser is gone")) }
        waiting = [:]
    }
}

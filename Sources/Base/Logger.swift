import Glibc

/// Writes one line per record, in logfmt:
/// `time=2026-11-21T04:38:36.123Z level=info component=http msg="listening" port=8080`.
/// Any thread; a record is one `write`, so the lines of two threads do not mix (on a pipe: lines up to 4 KiB).
package struct Logger: Sendable {
    package enum Level: String, CaseIterable, Comparable, Sendable {
        case debug, info, warning, error

        private var rank: Int {
            switch self {
            case .debug: 0
            case .info: 1
            case .warning: 2
            case .error: 3
            }
        }

        package static func < (left: Level, right: Level) -> Bool { left.rank < right.rank }
    }

    /// Takes one whole record, newline included. Called on the caller's thread; must not block for long.
    package typealias Sink = @Sendable (_ record: [UInt8]) -> Void

    /// The request that the current task serves; added to each record as `request=` while set.
    @TaskLocal package static var requestID: String?

    package let level: Level
    package let component: String
    private let sink: Sink

    /// Records below `level` are dropped before their message is even built.
    package init(level: Level = .info, component: String, sink: @escaping Sink = Logger.standardError) {
        self.level = level
        self.component = component
        self.sink = sink
    }

    /// The same level and sink under another component's name.
    package func component(_ name: String) -> Logger {
        Logger(level: level, component: name, sink: sink)
    }

    package func debug(_ message: @autoclosure () -> String, _ fields: @autoclosure () -> LogFields = [:]) {
        if level <= .debug { record(.debug, message(), fields()) }
    }

    package func info(_ message: @autoclosure () -> String, _ fields: @autoclosure () -> LogFields = [:]) {
        if level <= .info { record(.info, message(), fields()) }
    }

    package func warning(_ message: @autoclosure () -> String, _ fields: @autoclosure () -> LogFields = [:]) {
        if level <= .warning { record(.warning, message(), fields()) }
    }

    package func error(_ message: @autoclosure () -> String, _ fields: @autoclosure () -> LogFields = [:]) {
        record(.error, message(), fields())
    }

    private func record(_ level: Level, _ message: String, _ fields: LogFields) {
        var line = Logfmt()
        line.append("time", Timestamp.now().iso8601)
        line.append("level", level.rawValue)
        line.append("component", component)
        line.append("msg", message, alwaysQuoted: true)
        if let requestID = Self.requestID { line.append("request", requestID) }
        for (key, value) in fields.pairs { line.append(key, value) }
        sink(line.record())
    }
}

extension Logger {
    package static let standardError: Sink = descriptor(2)

    /// A sink that writes to an open file descriptor, which stays the caller's. A record that cannot be written is
    /// lost: a log must never stop or slow the process that writes it.
    package static func descriptor(_ fd: Int32) -> Sink {
        { record in
            record.withUnsafeBytes { bytes in
                while write(fd, bytes.baseAddress, bytes.count) < 0, errno == EINTR {}
            }
        }
    }

    /// A sink that drops everything, for tests and tools.
    package static let nowhere: Sink = { _ in }
}

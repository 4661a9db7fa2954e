// `environ` is a C global. We read it once, at start, before any thread could call setenv.
@preconcurrency import Glibc

/// The variables this process was started with.
package enum ProcessEnvironment {
    /// Bytes that are not UTF-8 are mended with U+FFFD. Call it from `main`, before any thread is started.
    package static func all() -> [String: String] {
        var result: [String: String] = [:]
        var next = environ
        while let entry = next.pointee {
            let text = String(cString: entry)
            if let equals = text.firstIndex(of: "=") {
                result[String(text[..<equals])] = String(text[text.index(after: equals)...])
            }
            next += 1
        }
        return result
    }
}

import Glibc

/// A system call that failed: which one, and `errno` as it stood right after.
package struct SystemError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The call and what it was about, such as `open /var/lib/sluice/secret_key`. Never a secret.
    package let call: String
    /// The `errno` value.
    package let number: Int32

    /// Make it right after the call. `call` is built late, so that building it cannot overwrite `errno`.
    package init(call: @autoclosure () -> String, number: Int32 = errno) {
        self.number = number
        self.call = call()
    }

    /// The system's words for the number, such as `No such file or directory`.
    package var reason: String {
        // 256 bytes hold every message of glibc; strerror itself is not thread safe.
        withUnsafeTemporaryAllocation(of: CChar.self, capacity: 256) { buffer in
            guard let start = buffer.baseAddress else { return "error \(number)" }
            buffer.initialize(repeating: 0)
            return strerror_r(number, start, buffer.count) == 0 ? String(cString: start) : "error \(number)"
        }
    }

    package var description: String { "\(call): \(reason) (errno \(number))" }
}

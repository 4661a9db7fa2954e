/// A text that must not be seen: a password, a token, an API key. Printed in any way it says `***`.
package struct Secret: Sendable, Equatable {
    private let value: String

    package init(_ value: String) {
        self.value = value
    }

    /// The text itself. Call it only where the text leaves for its purpose (a header, a cipher, a connection).
    package func reveal() -> String { value }

    /// Constant-time in the content; unequal lengths answer at once.
    package static func == (left: Secret, right: Secret) -> Bool {
        ConstantTime.equal(left.value, right.value)
    }
}

extension Secret: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    package var description: String { "***" }
    package var debugDescription: String { "***" }
    /// Empty, so that `dump` and string interpolation of an enclosing value find nothing.
    package var customMirror: Mirror { Mirror(self, children: [:]) }
}

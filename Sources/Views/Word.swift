/// A sentence to be said later, in the reader's language: its name in the words files and what fills its placeholders.
/// Features return it in errors and results; pages turn it into text with `words(word)`.
package struct Word: Hashable, Sendable {
    package let name: String
    package let values: ViewObject

    package init(_ name: String, _ values: ViewObject = [:]) {
        self.name = name
        self.values = values
    }
}

import CLinux

/// How many descriptors the process may have open. Every connection is one.
package enum OpenFiles {
    /// Raises what the process was given to what it may have, and returns what it has then. Children inherit it.
    package static func raiseLimit() -> Int { Int(clamping: sluice_raise_open_files()) }
}

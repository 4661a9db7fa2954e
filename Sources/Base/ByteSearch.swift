import CLinux

extension ArraySlice<UInt8> {
    /// Whether `sought` stands in it, byte for byte. True for an empty one.
    package func holds(_ sought: [UInt8]) -> Bool {
        guard sought.count <= count else { return false }
        return withUnsafeBytes { here in
            sought.withUnsafeBytes { there in
                guard let here = here.baseAddress, let start = there.baseAddress else { return there.isEmpty }
                return memmem(here, count, start, there.count) != nil
            }
        }
    }

    package func holds(_ byte: UInt8) -> Bool { place(of: byte, from: startIndex) < endIndex }

    /// Where `byte` first stands at or behind `start`; the end when it doesn't.
    package func place(of byte: UInt8, from start: Index) -> Index {
        guard start < endIndex else { return endIndex }
        return withUnsafeBytes { bytes in
            guard let base = bytes.baseAddress else { return endIndex }
            let skipped = start - startIndex
            guard let found = memchr(base + skipped, Int32(byte), bytes.count - skipped) else { return endIndex }
            return startIndex + base.distance(to: UnsafeRawPointer(found))
        }
    }
}

extension String {
    /// Whether U+0000 stands in it, which PostgreSQL takes nowhere.
    package var holdsNUL: Bool {
        var text = self
        return text.withUTF8 { bytes in bytes.baseAddress.map { memchr($0, 0, bytes.count) != nil } ?? false }
    }
}

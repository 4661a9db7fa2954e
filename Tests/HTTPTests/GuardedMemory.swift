import Glibc

/// Memory that ends at a page nobody may touch: a parser that reads one byte past its input is killed there, in release builds too.
final class GuardedMemory {
    private let pages: UnsafeMutableRawPointer
    private let capacity: Int
    private let page = sysconf(Int32(_SC_PAGESIZE))

    init(capacity wanted: Int = 128 * 1024) {
        capacity = (wanted + page - 1) / page * page
        guard let mapped = mmap(nil, capacity + page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0),
            mapped != MAP_FAILED, mprotect(mapped + capacity, page, PROT_NONE) == 0
        else { fatalError("no memory for the test") }
        pages = mapped
    }

    deinit { munmap(pages, capacity + page) }

    /// Calls `body` with the bytes, laid so that they end where the guard begins.
    func with<Result>(_ bytes: ArraySlice<UInt8>, _ body: (UnsafeRawBufferPointer) -> Result) -> Result {
        let start = pages + (capacity - bytes.count)
        bytes.withUnsafeBytes { if let base = $0.baseAddress { start.copyMemory(from: base, byteCount: $0.count) } }
        return body(UnsafeRawBufferPointer(start: start, count: bytes.count))
    }

    func with<Result>(_ bytes: [UInt8], _ body: (UnsafeRawBufferPointer) -> Result) -> Result {
        with(bytes[...], body)
    }
}

/// Repeatable noise (SplitMix64), so that a failure can be run again.
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64
    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}

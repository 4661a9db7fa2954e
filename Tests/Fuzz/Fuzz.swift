import Base
import Glibc

@testable import HTTP

/// What libFuzzer calls with each input: a letter that names the reader, a byte that decides how the rest is cut into pieces, and
/// the rest. `bin/fuzz` builds this folder and the readers themselves, nothing else, into one program.
///
/// - Returns: 0, or -1 for an input that is not worth keeping.
@c(LLVMFuzzerTestOneInput)
public func fuzzOneInput(_ data: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    guard let data, count >= 2 else { return -1 }
    let all = UnsafeBufferPointer(start: data, count: count)
    guard chosenReaders.isEmpty || chosenReaders.contains(all[0]) else { return -1 }
    let cuts = Cuts(seed: all[1])
    let input = Array(all[2...])
    switch all[0] {
    case UInt8(ascii: "H"): HeadInvariants.check(input, cuts)
    case UInt8(ascii: "C"): ChunkedInvariants.check(input, cuts)
    case UInt8(ascii: "S"): ConversationInvariants.check(input, cuts)
    case UInt8(ascii: "F"): TextInvariants.checkForm(input)
    case UInt8(ascii: "K"): TextInvariants.checkCookies(input)
    case UInt8(ascii: "P"): TextInvariants.checkPercentCoding(input)
    case UInt8(ascii: "J"): JSONInvariants.check(input)
    case UInt8(ascii: "M"): FormInvariants.check(input, cuts)
    case UInt8(ascii: "V"): FieldInvariants.checkParameters(input)
    case UInt8(ascii: "R"): FieldInvariants.checkRange(input, seed: cuts.seed)
    case UInt8(ascii: "D"): FieldInvariants.checkDate(input)
    case UInt8(ascii: "A"): FieldInvariants.checkEncoding(input)
    default: return -1
    }
    return 0
}

/// The letters of those that are fed; empty: all.
private let chosenReaders = getenv("SLUICE_FUZZ_READERS").map { Array(String(cString: $0).utf8) } ?? []

/// Ends the run; libFuzzer writes the input down. Not `precondition`: optimised, it would lose the reason.
func broken(_ reason: String) -> Never {
    let line = Array("broken: \(reason)\n".utf8)
    _ = write(STDERR_FILENO, line, line.count)
    abort()
}

func require(_ condition: Bool, _ reason: @autoclosure () -> String) {
    if !condition { broken(reason()) }
}

/// Where an input is cut, decided by one byte so that a failure can be run again. 0: nowhere; 1: after each byte.
struct Cuts {
    let seed: UInt8

    /// Rising, the last is `count`.
    func ends(_ count: Int) -> [Int] {
        if seed == 0 || count == 0 { return [count] }
        var state = UInt64(seed)
        var ends: [Int] = []
        var end = 0
        while end < count {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            end = min(count, end + 1 + Int((state >> 33) % UInt64(seed)))
            ends.append(end)
        }
        return ends
    }
}

/// Memory of exactly the size of the bytes: the address sanitizer stops who reads before or behind it.
func withExactMemory<Result>(_ bytes: ArraySlice<UInt8>, _ body: (UnsafeRawBufferPointer) -> Result) -> Result {
    let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: bytes.count, alignment: 1)
    defer { memory.deallocate() }
    memory.copyBytes(from: bytes)
    return body(UnsafeRawBufferPointer(memory))
}

/// Small, so that the fuzzer reaches every bound with short inputs.
let fuzzLimits: Limits = {
    var limits = Limits()
    limits.requestLine = 96
    limits.head = 512
    limits.headerFields = 8
    limits.chunkExtensions = 24
    limits.trailers = 48
    limits.body = 128
    return limits
}()

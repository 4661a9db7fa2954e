/// The list of transfer codings of one request, over all its `Transfer-Encoding` fields.
///
/// A list that does not end with `chunked` leaves the length unknown and must be met with 400; one that does, after codings that
/// aren't taken here, with 501 (RFC 9112 §6.1, §6.3). Names are compared whole: a parameter or an empty member makes another name.
struct TransferCodings {
    private var count = 0
    private var chunkedCount = 0
    private var lastIsChunked = false

    mutating func take(_ value: Slice<UnsafeRawBufferPointer>) {
        for part in value.split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false) {
            let isBlank = { (byte: UInt8) in byte == .space || byte == .tab }
            var name = part.drop(while: isBlank)
            while let last = name.last, isBlank(last) { name.removeLast() }
            count += 1
            lastIsChunked = name.lazy.map(asciiLowercased).elementsEqual("chunked".utf8)
            if lastIsChunked { chunkedCount += 1 }
        }
    }

    var areGiven: Bool { count > 0 }
    /// `chunked` stands at the end and nowhere else.
    var endWithChunked: Bool { lastIsChunked && chunkedCount == 1 }
    var areChunkedAlone: Bool { count == 1 && lastIsChunked }
}

import Base

/// A statement's parameters laid out as libpq takes them: all in one buffer.
struct BoundParameters {
    static let limit = 65_535

    private var buffer: [UInt8] = []
    /// Where each value starts in the buffer; nil for NULL.
    private var starts: [Int?] = []
    private var lengths: [Int32] = []
    private var formats: [Int32] = []

    var count: Int { starts.count }

    init(_ parameters: [PostgresParameter]) throws(PostgresError) {
        guard parameters.count <= Self.limit else {
            throw PostgresError(
                .invalidParameter, "\(parameters.count) parameters; a statement takes \(Self.limit) at most")
        }
        for (index, parameter) in parameters.enumerated() {
            switch parameter {
            case .null:
                append(nil, binary: false)
            case .text(var text):
                guard !text.holdsNUL else {
                    throw PostgresError(
                        .invalidParameter, "parameter $\(index + 1) holds a NUL, which no PostgreSQL text can")
                }
                text.withUTF8 { append($0, binary: false) }
            case .bytes(let bytes):
                bytes.withUnsafeBufferPointer { append($0, binary: true) }
            }
        }
    }

    private mutating func append(_ value: UnsafeBufferPointer<UInt8>?, binary: Bool) {
        starts.append(value == nil ? nil : buffer.count)
        lengths.append(Int32(clamping: value?.count ?? 0))
        formats.append(binary ? 1 : 0)
        guard let value else { return }
        buffer.append(contentsOf: value)
        // libpq measures a text by its end.
        buffer.append(0)
    }

    typealias Values = UnsafePointer<UnsafePointer<CChar>?>

    func withPointers<Result>(
        _ body: (_ values: Values?, _ lengths: UnsafePointer<Int32>?, _ formats: UnsafePointer<Int32>?) -> Result
    ) -> Result {
        buffer.withUnsafeBytes { bytes in
            let base = bytes.baseAddress?.assumingMemoryBound(to: CChar.self)
            let values = starts.map { start in start.flatMap { base?.advanced(by: $0) } }
            return values.withUnsafeBufferPointer { body($0.baseAddress, lengths, formats) }
        }
    }
}

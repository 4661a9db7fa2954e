@testable import Base

/// A value that was read is written so that it is read as the same, and written the same.
enum JSONInvariants {
    static func check(_ input: [UInt8]) {
        let result = withExactMemory(input[...]) { memory in
            memory.withMemoryRebound(to: UInt8.self) { JSONParser.parse($0) }
        }
        switch result {
        case .failure(let error):
            require(error.offset >= 0 && error.offset <= input.count, "the error lies outside of the text")
        case .success(let value):
            let written = value.bytes
            guard case .success(let again) = written.withUnsafeBufferPointer({ JSONParser.parse($0) }) else {
                broken("a value that was written can't be read")
            }
            require(again == value, "written again it is another")
            require(again.bytes == written, "written twice it differs")
        }
    }
}

import Base

@testable import HTTP

/// Forms with files mean the same in whatever pieces they come, and are what a second, plain reading finds. The input is a line with the
/// type of the content, then the content.
enum FormInvariants {
    struct Part: Equatable {
        var name: String
        var fileName: String?
        var type: String
        var content: [UInt8]
        var isWhole: Bool
    }

    struct Verdict: Equatable {
        var parts: [Part] = []
        var isFinished = false
        var isRefused = false
    }

    static func check(_ input: [UInt8], _ cuts: Cuts) {
        let end = input.firstIndex(of: 10) ?? input.count
        guard let type = String(validating: input[..<end], as: UTF8.self),
            MultipartParser(contentType: type) != nil
        else { return }
        let boundary = HeaderParameters(type)["boundary"] ?? ""
        let content = Array(input[min(end + 1, input.count)...])
        let whole = read(content, type, Cuts(seed: 0))
        let pieces = read(content, type, cuts)
        require(whole.isRefused == pieces.isRefused, "refused \(whole.isRefused) whole, \(pieces.isRefused) in pieces")
        // How much came before a refusal depends on the pieces.
        guard !whole.isRefused else { return }
        require(whole.isFinished == pieces.isFinished, "its end depends on the pieces")
        let delimiter = Array("\r\n--\(boundary)".utf8)
        for part in whole.parts {
            require(part.content.firstRange(of: delimiter) == nil, "a part holds its delimiter")
        }
        guard whole.isFinished else { return }
        require(whole == pieces, "\(whole) whole, \(pieces) in pieces")
        require(whole.parts.map(\.content) == plain(content, delimiter), "a plain reading finds other contents")
        require(
            read(write(whole.parts, boundary), type, cuts).parts.map(\.content) == whole.parts.map(\.content),
            "written again it is another")
    }

    private static func read(_ content: [UInt8], _ type: String, _ cuts: Cuts) -> Verdict {
        var verdict = Verdict()
        guard var parser = MultipartParser(contentType: type) else { return verdict }
        var start = 0
        for end in cuts.ends(content.count) {
            do {
                for event in try parser.feed(Array(content[start..<end])) {
                    switch event {
                    case .part(let name, let fileName, let type):
                        verdict.parts.append(
                            Part(name: name, fileName: fileName, type: type, content: [], isWhole: false))
                    case .data(let bytes): verdict.parts[verdict.parts.count - 1].content += bytes
                    case .endOfPart: verdict.parts[verdict.parts.count - 1].isWhole = true
                    }
                }
            } catch {
                verdict.isRefused = true
                return verdict
            }
            start = end
        }
        verdict.isFinished = parser.isFinished
        require(verdict.parts.dropLast().allSatisfy(\.isWhole), "a part begins before the last one ends")
        require(!parser.isFinished || verdict.parts.allSatisfy(\.isWhole), "the last part has no end")
        return verdict
    }

    /// The contents of a form that is known to be well-formed and to end.
    private static func plain(_ content: [UInt8], _ delimiter: [UInt8]) -> [[UInt8]] {
        var rest = ([13, 10] + content)[...]
        var contents: [[UInt8]] = []
        func cut(at mark: [UInt8]) -> ArraySlice<UInt8>? {
            guard let found = rest.firstRange(of: mark) else { return nil }
            defer { rest = rest[found.upperBound...] }
            return rest[..<found.lowerBound]
        }
        _ = cut(at: delimiter)
        while !rest.starts(with: [45, 45]) {
            guard cut(at: [13, 10]) != nil else { break }
            rest = ([13, 10] + rest)[...]
            guard cut(at: [13, 10, 13, 10]) != nil, let part = cut(at: delimiter) else { break }
            contents.append(Array(part))
        }
        return contents
    }

    private static func write(_ parts: [Part], _ boundary: String) -> [UInt8] {
        parts.flatMap { part in
            Array("--\(boundary)\r\nContent-Disposition: form-data; name=a\r\n\r\n".utf8) + part.content + [13, 10]
        } + Array("--\(boundary)--".utf8)
    }
}

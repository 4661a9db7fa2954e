/// Writes status line and header fields. Pure.
enum ResponseHead {
    /// - Parameter date: an IMF-fixdate, made once a second by the loop.
    static func write(
        _ response: Response, to request: Method, isVersion10: Bool, keepsAlive: Bool, date: [UInt8],
        into out: inout [UInt8]
    ) {
        out.append(contentsOf: "HTTP/1.1 ".utf8)
        append(response.status.code, to: &out)
        out.append(.space)
        out.append(contentsOf: response.status.reason.utf8)
        out.append(contentsOf: "\r\nDate: ".utf8)
        out.append(contentsOf: date)
        if let rendered = response.renderedFields {
            out.append(contentsOf: rendered)
        } else {
            write(response.headers, into: &out)
        }
        if !response.status.forbidsBody {
            if let length = response.contentLength {
                out.append(contentsOf: "\r\nContent-Length: ".utf8)
                append(length, to: &out)
            } else if !isVersion10 {
                out.append(contentsOf: "\r\nTransfer-Encoding: chunked".utf8)
            }
        }
        if !keepsAlive {
            out.append(contentsOf: "\r\nConnection: close".utf8)
        } else if isVersion10 {
            out.append(contentsOf: "\r\nConnection: keep-alive".utf8)
        }
        out.append(contentsOf: "\r\n\r\n".utf8)
    }

    /// Each field with the line end before it.
    static func write(_ fields: [(name: String, value: String)], into out: inout [UInt8]) {
        for (name, value) in fields {
            out.append(contentsOf: "\r\n".utf8)
            out.append(contentsOf: name.utf8)
            out.append(contentsOf: ": ".utf8)
            out.append(contentsOf: value.utf8)
        }
    }

    private static func append(_ number: Int, to out: inout [UInt8]) {
        if number >= 10 { append(number / 10, to: &out) }
        out.append(0x30 + UInt8(number % 10))
    }
}

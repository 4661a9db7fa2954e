import Glibc

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
        for (name, value) in response.headers {
            out.append(contentsOf: "\r\n".utf8)
            out.append(contentsOf: name.utf8)
            out.append(contentsOf: ": ".utf8)
            out.append(contentsOf: value.utf8)
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

    private static func append(_ number: Int, to out: inout [UInt8]) {
        if number >= 10 { append(number / 10, to: &out) }
        out.append(0x30 + UInt8(number % 10))
    }

    /// RFC 9110 §5.6.7, e.g. `Sun, 06 Nov 1994 08:49:37 GMT`.
    static func date(secondsSince1970 seconds: Int) -> [UInt8] {
        var time = time_t(seconds)
        var parts = tm()
        gmtime_r(&time, &parts)
        let days = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]
        let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
        func two(_ number: Int32) -> String { number < 10 ? "0\(number)" : "\(number)" }
        let text =
            "\(days[Int(parts.tm_wday)]), \(two(parts.tm_mday)) \(months[Int(parts.tm_mon)]) \(parts.tm_year + 1900) "
            + "\(two(parts.tm_hour)):\(two(parts.tm_min)):\(two(parts.tm_sec)) GMT"
        return Array(text.utf8)
    }
}

import Base
import Reactor

/// One line per request: at `debug` for probes and files, `info` otherwise, `warning` from 500 on. The query string stays out: it may
/// hold secrets.
package enum RequestLog {
    package static func middleware(_ log: Logger) -> Middleware {
        { request, next in
            var response = try await Logger.$requestID.withValue(request.id) { try await next(request) }
            let duration = MonotonicTime.now() - request.startedAt
            response.add("Server-Timing", "app;dur=\(Double(duration.wholeNanoseconds / 10_000) / 100)")
            let status = response.status.code
            let isQuiet =
                request.rawPath == "/health" || request.rawPath == "/ready" || request.rawPath.hasPrefix("/static/")
            let fields: LogFields = [
                "request_id": request.id, "method": request.method.rawValue, "path": request.rawPath,
                "status": String(status), "bytes": response.contentLength.map { String($0) } ?? "streamed",
                "ms": String(duration.wholeNanoseconds / 1_000_000),
            ]
            if status >= 500 {
                log.warning("answered", fields)
            } else if isQuiet {
                log.debug("answered", fields)
            } else {
                log.info("answered", fields)
            }
            return response
        }
    }
}

/// Fields that every answer carries (DESIGN, "Trust"): no inline script or style, no framing, no guessing of types, no referrers.
package enum SecurityHeaders {
    package static let contentSecurityPolicy =
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
        + "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

    package static let middleware: Middleware = { request, next in
        var response = try await next(request)
        add(to: &response, for: request)
        return response
    }

    static func add(to response: inout Response, for request: Request) {
        response.set("X-Request-Id", request.id)
        add(to: &response)
    }

    /// For answers to nobody in particular, such as a probe's.
    static func add(to response: inout Response) {
        response.set("X-Content-Type-Options", "nosniff")
        response.set("Referrer-Policy", "same-origin")
        if response.header("Content-Type")?.hasPrefix("text/html") == true {
            response.set("Content-Security-Policy", contentSecurityPolicy)
            response.set("X-Frame-Options", "DENY")
        }
        if response.header("Cache-Control") == nil { response.add("Cache-Control", "no-store") }
    }
}

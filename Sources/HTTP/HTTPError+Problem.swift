import Base

extension HTTPError {
    /// The `application/problem+json` form.
    package func problem(requestID: String) -> Response {
        var object = JSONObject()
        object["type"] = .string(type ?? "about:blank")
        object["title"] = .string(title ?? status.reason)
        object["status"] = .integer(Int64(status.code))
        if let detail { object["detail"] = .string(detail) }
        object["request_id"] = .string(requestID)
        if !fields.isEmpty {
            object["errors"] = .array(fields.map { ["field": .string($0.name), "detail": .string($0.detail)] })
        }
        for (name, value) in members { object[name] = value }
        var response = Response(
            status, headers: [("Content-Type", "application/problem+json")], body: JSON.object(object).bytes)
        for (name, value) in headers { response.add(name, value) }
        return response
    }
}

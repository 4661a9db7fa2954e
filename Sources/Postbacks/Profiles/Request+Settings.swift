import Base
import Frame
import HTTP

extension Request {
    /// What was sent as an object: JSON, or the fields of a form, where a name that repeats is a list. The session's token is no setting.
    func settings() throws -> JSON {
        if body.isEmpty { return [:] }
        if hasJSONContent {
            let json = try json()
            guard json.objectValue != nil else {
                throw HTTPError(.badRequest, detail: "The content is not a JSON object.")
            }
            return json
        }
        var object = JSONObject()
        let form = try form()
        for (name, value) in form.pairs {
            let all = form.all(name)
            object[name] = all.count > 1 ? .array(all.map { .string($0) }) : .string(value)
        }
        object["csrf_token"] = nil
        return .object(object)
    }
}

extension Frame {
    /// As the asker sees this server: `https://desk.example`, without a slash.
    func base(_ request: Request) -> String { "\(isSecure ? "https" : "http")://\(request.host ?? "localhost")" }
}

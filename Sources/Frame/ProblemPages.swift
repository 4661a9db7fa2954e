import Base
import HTTP
import Views

/// Shows problems: a page to browsers, RFC 9457 to programs, both in the asker's language.
extension Frame {
    package func httpError(_ problem: Problem, _ request: Request) -> HTTPError {
        let words = words(for: request)
        let detail = (problem.reasons + [problem.detail]).map { words($0) }.joined(separator: " ")
        return HTTPError(
            problem.status, title: problem.title.map { words($0) }, detail: detail, type: problem.type,
            fields: problem.field.map { [HTTPError.Field($0, detail)] } ?? [], headers: problem.headers,
            members: problem.members)
    }

    package func render(_ error: HTTPError, _ request: Request) -> Response {
        let said = inWords(error, request)
        guard request.wantsPage, let page = try? problemPage(said, request) else {
            return said.problem(requestID: request.id)
        }
        return page
    }

    private func problemPage(_ error: HTTPError, _ request: Request) throws -> Response {
        let words = words(for: request)
        let isSignedIn = request[Viewer.self] != nil
        let context: ViewValue = [
            "status": .integer(Int64(error.status.code)), "icon": .string(Self.icon(error.status)),
            "title": .string(error.title ?? error.status.reason), "detail": .string(error.detail ?? ""),
            "has_steps": false, "steps": [],
            "action": isSignedIn
                ? ["href": "/campaigns/", "label": .string(words("common.back_to_campaigns"))] : nil,
            "request_id": .string(request.id),
        ]
        let title = words("error.page_title", ["status": .integer(Int64(error.status.code))])
        var response = try page("error", context, title: title, at: .elsewhere, to: request, status: error.status)
        for (name, value) in error.headers { response.add(name, value) }
        return response
    }

    /// Fills in what the thrower left to the status.
    private func inWords(_ error: HTTPError, _ request: Request) -> HTTPError {
        let words = words(for: request)
        var said = error
        let known = Self.words(for: error)
        // A sentence that says what happened stands under a plain heading: the status' own may say another thing.
        if said.title == nil, said.detail != nil { said.title = words("error.not_done.title") }
        guard let (title, detail) = known else {
            if said.title == nil { said.title = words("error.not_done.title") }
            return said
        }
        if said.title == nil { said.title = words(title) }
        if said.detail == nil {
            let seconds = error.headers.first { $0.0 == "Retry-After" }.flatMap { Int64($0.1) } ?? 60
            said.detail = words(detail, ["count": .integer(seconds)])
        }
        return said
    }

    private static func words(for error: HTTPError) -> (title: String, detail: String)? {
        if error.type == HTTPError.overloadedType {
            return (Word("error.overloaded.title").name, Word("error.overloaded.detail").name)
        }
        return switch error.status.code {
        case 400, 422: (Word("error.bad_request.title").name, Word("error.bad_request.detail").name)
        case 401: (Word("error.signed_out.title").name, Word("error.signed_out.detail").name)
        case 403: (Word("error.forbidden.title").name, Word("error.forbidden.detail").name)
        case 404: (Word("error.not_found.title").name, Word("error.not_found.detail").name)
        case 405: (Word("error.method.title").name, Word("error.method.detail").name)
        case 413: (Word("error.too_large.title").name, Word("error.too_large.detail").name)
        case 421: (Word("error.misdirected.title").name, Word("error.misdirected.detail").name)
        case 429: (Word("error.too_many.title").name, Word("error.too_many.detail").name)
        case 500: (Word("error.internal.title").name, Word("error.internal.detail").name)
        case 503: (Word("error.unavailable.title").name, Word("error.unavailable.detail").name)
        default: nil
        }
    }

    private static func icon(_ status: Status) -> String {
        switch status.code {
        case 404, 405: "search"
        case 401, 403: "lock"
        case 408, 429: "clock"
        case 503: "database"
        default: "alert"
        }
    }
}

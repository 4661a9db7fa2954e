import Base

/// Holds what a client sends against what the route says it takes, before the handler runs. A handler so never takes a value that it can't
/// read for one that was not given: a guard that was asked for is there, or the request is refused.
extension RouteDescription {
    /// - Throws: 415 for content of a type that the route does not take; 422 with every field that is of a wrong kind, or that the route
    ///   does not know; 400 for what can't be decoded at all.
    func check(_ request: Request) throws {
        var refused = try unreadableParameters(request)
        refused += try unreadableContent(request)
        guard !refused.isEmpty else { return }
        let sentences =
            refused.map { "\($0.name): \($0.detail)." } + (request.method.isSafe ? [] : ["Nothing was changed."])
        throw HTTPError(.unprocessable, detail: sentences.joined(separator: " "), fields: refused)
    }

    /// Parameters that are not described are left alone: links come with those of others. An empty one is as good as none, for that is
    /// how a browser sends a search of several fields.
    private func unreadableParameters(_ request: Request) throws -> [HTTPError.Field] {
        guard takesQuery, !request.head.queryRange.isEmpty else { return [] }
        let query = try request.query()
        return parameters.compactMap { parameter in
            guard parameter.place == .query else { return nil }
            let given = query.all(parameter.name).filter { !$0.isEmpty }
            return given.lazy.compactMap { parameter.shape.unreadable($0) }.first
                .map { HTTPError.Field(parameter.name, $0) }
        }
    }

    private func unreadableContent(_ request: Request) throws -> [HTTPError.Field] {
        guard !request.body.isEmpty, !request.method.isSafe else { return [] }
        guard let content else { throw Self.wrongType([]) }
        if content.types.contains(Content.anyType) { return [] }
        if content.types.contains(Content.json), request.hasJSONContent {
            return try content.unreadableMembers(of: try request.json())
        }
        let type = request.contentType
        guard content.types.contains(type) else { throw Self.wrongType(content.types) }
        return type == Content.form ? content.unreadableFields(of: try request.form()) : []
    }

    /// RFC 9110 §15.5.16: Accept says what would have been taken.
    private static func wrongType(_ types: [String]) -> HTTPError {
        let taken = types.isEmpty ? "no content" : types.joined(separator: " or ")
        return HTTPError(
            .unsupportedMediaType,
            detail: "This address takes \(taken); Content-Type says what is sent. Nothing was changed.",
            headers: types.isEmpty ? [] : [("Accept", types.joined(separator: ", "))])
    }
}

extension RouteDescription.Content {
    fileprivate func unreadableMembers(of json: JSON) throws -> [HTTPError.Field] {
        guard let object = json.objectValue else {
            throw HTTPError(.badRequest, detail: "The content is not a JSON object.")
        }
        return object.members.compactMap { given in
            guard let member = readable.first(where: { $0.name == given.key }) else { return unknown(given.key) }
            guard let found = member.shape.mismatch(of: given.value) else { return nil }
            let place = found.pointer.isEmpty ? "" : "at \(found.pointer), "
            return HTTPError.Field(member.name, place + String(found.problem.prefix(200)))
        }
    }

    fileprivate func unreadableFields(of form: FormFields) -> [HTTPError.Field] {
        var seen: Set<String> = []
        return form.pairs.compactMap { name, value in
            guard let member = readable.first(where: { $0.name == name }) else {
                // Any form may carry it, described or not: it is the session's, not the route's.
                return name == "csrf_token" ? nil : unknown(name)
            }
            guard seen.insert(name).inserted || member.shape.isList else {
                return HTTPError.Field(name, "given more than once")
            }
            return member.shape.unreadable(value).map { HTTPError.Field(name, $0) }
        }
    }

    private func unknown(_ name: String) -> HTTPError.Field? {
        guard !fields.isOpen else { return nil }
        let known = readable.map(\.name).joined(separator: ", ")
        return HTTPError.Field(
            String(name.prefix(80)), known.isEmpty ? "no field is taken here" : "not known here; known are \(known)")
    }
}

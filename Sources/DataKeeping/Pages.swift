import Base
import Frame
import HTTP
import Views

/// What a browser sees of `/admin/data/`.
struct DataPages: Sendable {
    let frame: Frame

    /// - Parameter done: what was just done: `saved` or `erased`.
    func overview(
        _ rules: [Retention.Rule], _ people: [PersonalData.Person], done: String?, to request: Request
    ) throws -> Response {
        let words = frame.words(for: request)
        let token = request[Viewer.self]?.csrfToken ?? ""
        let notice: String? =
            switch done {
            case "saved": words("data.saved")
            case "erased": words("data.erased")
            default: nil
            }
        let context: ViewValue = [
            "notice": ViewValue(notice), "problem": nil,
            "rules": .list(
                rules.map { rule in
                    [
                        "csrf_token": .string(token), "table": .string(rule.name),
                        "what": .string(words("data.of.\(rule.name)")),
                        "days": .string(rule.keepDays.map { String($0) } ?? ""),
                        "removed": .string(words.numbers.number(rule.prunedRows)),
                        "looked": words.time(rule.prunedAt),
                    ]
                }),
            "people": .list(
                people.map { person in
                    [
                        "csrf_token": .string(token), "person_id": .integer(person.id), "person": .string(person.name),
                        "is_closed": .bool(person.isClosed), "role": .string(words("role.\(person.role)")),
                        "pushes": .string(words.numbers.number(person.pushes)),
                    ]
                }),
        ]
        return try frame.page("data", context, title: words("data.title"), at: .elsewhere, to: request)
    }

    func erasing(
        _ person: PersonalData.Person, problem: Word?, to request: Request, status: Status = .ok
    ) throws -> Response {
        let words = frame.words(for: request)
        let title = words("data.erase_title", ["name": .string(person.name)])
        let context: ViewValue = [
            "title": .string(title), "person_id": .integer(person.id), "problem": ViewValue(problem.map { words($0) }),
            "csrf_token": .string(request[Viewer.self]?.csrfToken ?? ""),
        ]
        return try frame.page("erase", context, title: title, at: .elsewhere, to: request, status: status)
    }
}

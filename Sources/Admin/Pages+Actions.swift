import Accounts
import Base
import Frame
import HTTP
import StoredObjects
import Views

/// What is asked before something is done, and what is shown once after it.
extension AdminPages {
    static func json(_ companions: [AdminStore.Companion]) -> JSON {
        .array(
            companions.map {
                ["name": .string($0.name), "count": .integer($0.count), "stays": .bool($0.stays)]
            })
    }

    func ask(
        _ object: StoredObject, _ row: StoredRow, _ action: StoredAction, _ companions: [AdminStore.Companion],
        to request: Request
    ) throws -> Response {
        let words = frame.words(for: request)
        let question = words("admin.ask.\(action.name)", ["label": .string(row.label)])
        guard request.wantsPage else {
            return .json([
                "object": .string(object.name), "key": .string(row.key), "action": .string(action.name),
                "question": .string(question), "is_destructive": .bool(action.isDestructive),
                "goes_with": Self.json(companions),
            ])
        }
        let context: ViewValue = [
            "object_title": .string(title(object, words)), "label": .string(row.label.isEmpty ? row.key : row.label),
            "back_href": .string(address(object, row.key)), "question": .string(question),
            "word": .string(words("admin.action.\(action.name)")), "csrf_token": csrf(request),
            "form_action": .string("\(address(object, row.key))\(action.name)/"),
            "is_destructive": .bool(action.isDestructive), "has_companions": .bool(!companions.isEmpty),
            "companions": .list(
                companions.map { companion in
                    let count: ViewObject = ["count": .integer(companion.count)]
                    return [
                        "companion": .string(
                            companion.stays
                                ? words("admin.stays.\(companion.name)", count)
                                : words("admin.with.\(companion.name)", count)),
                        "stays": .bool(companion.stays),
                    ]
                }),
        ]
        return try frame.page("admin_ask", context, title: question, at: .admin, to: request)
    }

    /// A link that is shown this once.
    func link(_ object: StoredObject, _ row: StoredRow, address link: String, to request: Request) throws -> Response {
        let words = frame.words(for: request)
        guard request.wantsPage else {
            var response = Response.json([
                "key": .string(row.key), "message": .string(words("admin.link_once")), "link": .string(link),
            ])
            response.set("Cache-Control", "no-store")
            return response
        }
        let context: ViewValue = [
            "object_title": .string(title(object, words)), "label": .string(row.label),
            "back_href": .string(address(object, row.key)), "link": .string(link),
        ]
        var response = try frame.page("admin_link", context, title: words("admin.link"), at: .admin, to: request)
        response.set("Cache-Control", "no-store")
        return response
    }
}

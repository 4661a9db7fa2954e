import Accounts
import Base
import Frame
import HTTP
import StoredObjects
import Views

/// What a browser sees of `/admin/`, and the same in JSON.
struct AdminPages: Sendable {
    let frame: Frame
    let objects: [StoredObject]

    func address(_ object: StoredObject, _ key: String) -> String {
        "/admin/\(object.name)/\(PercentCoding.encode(key))/"
    }

    func title(_ object: StoredObject, _ words: Words) -> String { words("admin.object.\(object.name)") }

    func csrf(_ request: Request) -> ViewValue { .string(request[Viewer.self]?.csrfToken ?? "") }

    // MARK: Home

    func home(_ counted: [(object: StoredObject, count: Int)], to request: Request) throws -> Response {
        let words = frame.words(for: request)
        guard request.wantsPage else {
            return .json([
                "objects": .array(
                    counted.map { object, count in
                        [
                            "name": .string(object.name), "title": .string(title(object, words)),
                            "group": .string(object.group.rawValue),
                            "count": .integer(Int64(min(count, AdminStore.countLimit))),
                            "has_more": .bool(count > AdminStore.countLimit),
                        ]
                    })
            ])
        }
        let groups: [ViewValue] = StoredObject.Group.allCases.compactMap { group in
            let members = counted.filter { $0.object.group == group }
            guard !members.isEmpty else { return nil }
            return [
                "group": .string(group.rawValue), "group_title": .string(words("admin.group.\(group.rawValue)")),
                "objects": .list(
                    members.map { object, count in
                        [
                            "href": .string("/admin/\(object.name)/"), "object_title": .string(title(object, words)),
                            "about": .string(words("admin.about.\(object.name)")),
                            "count": .string(number(count, words)),
                        ]
                    }),
            ]
        }
        let isAdmin = try request.person().user.role == .admin
        return try frame.page(
            "admin", ["groups": .list(groups), "is_admin": .bool(isAdmin)], title: words("admin.title"), at: .admin,
            to: request)
    }

    /// Counts stop somewhere, and say so.
    func number(_ count: Int, _ words: Words) -> String {
        count > AdminStore.countLimit
            ? words.numbers.number(Int64(AdminStore.countLimit)) + "+" : words.numbers.number(Int64(count))
    }
}

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

    private func title(_ object: StoredObject, _ words: Words) -> String { words("admin.object.\(object.name)") }

    private func csrf(_ request: Request) -> ViewValue { .string(request[Viewer.self]?.csrfToken ?? "") }

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
    private func number(_ count: Int, _ words: Words) -> String {
        count > AdminStore.countLimit
            ? words.numbers.number(Int64(AdminStore.countLimit)) + "+" : words.numbers.number(Int64(count))
    }

    // MARK: List

    func list(
        _ object: StoredObject, _ question: ListQuestion, _ rows: [StoredRow], found: Int, mayAdd: Bool, done: String?,
        to request: Request
    ) throws -> Response {
        func page(_ page: Int) -> String {
            question.address(object, sort: question.sort?.name, isDescending: question.isDescending, page: page)
        }
        let shownBefore = (question.page - 1) * ListQuestion.pageSize
        let hasNext = found > shownBefore + rows.count && !rows.isEmpty && question.page < ListQuestion.lastPage
        guard request.wantsPage else {
            return .json([
                "object": .string(object.name), "total": .integer(Int64(min(found, AdminStore.countLimit))),
                "has_more": .bool(found > AdminStore.countLimit), "page": .integer(Int64(question.page)),
                "next": hasNext ? .string(page(question.page + 1)) : .null,
                "rows": .array(
                    rows.map { row in
                        var json: JSONObject = ["key": .string(row.key), "label": .string(row.label)]
                        for (field, value) in zip(object.fields, row.values) where field.isListed {
                            json[field.name] = value.json
                        }
                        return .object(json)
                    }),
            ])
        }
        let words = frame.words(for: request)
        let listed = object.fields.enumerated().filter { $0.element.isListed }
        let columns: [ViewValue] = listed.map { _, field in
            let isCurrent = field.name == question.sort?.name
            // The first press sorts numbers and times from the top, texts from A.
            let firstIsDescending = [.number, .decimal, .time].contains(field.kind)
            let next = isCurrent ? !question.isDescending : firstIsDescending
            return [
                "label": .string(words("admin.field.\(field.name)")), "is_number": .bool(isNumber(field)),
                "href": ViewValue(
                    field.isSortable
                        ? question.address(object, sort: field.name, isDescending: next, page: 1) : nil),
                "aria_sort": ViewValue(isCurrent ? (question.isDescending ? "descending" : "ascending") : nil),
                "is_descending": .bool(isCurrent && question.isDescending), "is_current": .bool(isCurrent),
            ]
        }
        let shown: [ViewValue] = rows.map { row in
            var cells = listed.map { index, field in cell(field, row.values[index], row.links[index], request) }
            if case .object(var first)? = cells.first {
                first["row_href"] = .string(address(object, row.key))
                cells[0] = .object(first)
            }
            return ["cells": .list(cells), "label": .string(row.label)]
        }
        let isSearched = !question.text.isEmpty || !question.filters.isEmpty
        let isSorted = question.sort?.name != object.order.field || question.isDescending != object.order.isDescending
        let context: ViewValue = [
            "object_title": .string(title(object, words)), "about": .string(words("admin.about.\(object.name)")),
            "action": .string("/admin/\(object.name)/"), "q": .string(question.text),
            "count_text": .string(number(found, words)), "columns": .list(columns), "rows": .list(shown),
            "has_rows": .bool(!rows.isEmpty), "is_searched": .bool(isSearched),
            "new_href": ViewValue(mayAdd ? "/admin/\(object.name)/new/" : nil),
            "new_word": ViewValue(mayAdd ? words("admin.new.\(object.name)") : nil),
            "sort": ViewValue(isSorted ? question.sort?.name : nil),
            "dir": .string(question.isDescending ? "desc" : "asc"),
            "filters": .list(filters(object, question, words)), "done": doneText(done, words),
            "previous_href": ViewValue(question.page > 1 ? page(question.page - 1) : nil),
            "next_href": ViewValue(hasNext ? page(question.page + 1) : nil),
            "range": .string(
                rows.isEmpty
                    ? ""
                    : words(
                        "admin.range",
                        [
                            "from": .string(words.numbers.number(Int64(shownBefore + 1))),
                            "to": .string(words.numbers.number(Int64(shownBefore + rows.count))),
                            "total": .string(number(found, words)),
                        ])),
            "has_pages": .bool(question.page > 1 || hasNext),
        ]
        return try frame.page("admin_list", context, title: title(object, words), at: .admin, to: request)
    }

    private func isNumber(_ field: StoredField) -> Bool {
        (field.kind == .number || field.kind == .decimal) && !field.isName
    }

    /// A choice for each field of few values; a filter by another thing that came along in the address stays.
    private func filters(_ object: StoredObject, _ question: ListQuestion, _ words: Words) -> [ViewValue] {
        object.fields.compactMap { field in
            guard field.isListed || question.filters.contains(where: { $0.field.name == field.name }) else {
                return nil
            }
            let current = question.filters.first { $0.field.name == field.name }?.value
            let choices: [(value: String, label: String)]
            switch field.kind {
            case .choice(let values): choices = values.map { ($0, words("admin.value.\($0)")) }
            case .flag: choices = [("true", words("admin.yes")), ("false", words("admin.no"))]
            default:
                guard let current else { return nil }
                choices = [(current, current)]
            }
            let label = words("admin.field.\(field.name)")
            let options: [ViewValue] = choices.map { value, name in
                [
                    "value": .string(value), "label": .string("\(label): \(name)"),
                    "is_current": .bool(value == current),
                ]
            }
            return ["name": .string(field.name), "label": .string(label), "options": .list(options)]
        }
    }

    /// One value, ready to be shown.
    private func cell(_ field: StoredField, _ value: StoredRow.Value, _ link: String?, _ request: Request) -> ViewValue
    {
        let words = frame.words(for: request)
        var cell: ViewObject = ["is_number": .bool(isNumber(field))]
        switch value {
        case .null: cell["is_missing"] = true
        case .text(let text):
            if case .choice(let known) = field.kind {
                cell["chip"] = .string(known.contains(text) ? words("admin.value.\(text)") : text)
                cell["tone"] = .string(Self.tone(text))
            } else {
                cell["text"] = .string(text)
                cell["is_empty_text"] = .bool(text.isEmpty)
            }
        case .number(let number):
            cell["text"] = .string(isNumber(field) ? words.numbers.number(number) : String(number))
        case .decimal(let text): cell["text"] = .string(text)
        case .time(let time):
            cell["time"] = [
                "iso": .string(time.iso8601),
                "text": .string(DateFormat(words.language, offsetMinutes: 0).dateTime(time) + " UTC"),
            ]
        case .flag(let flag): cell["text"] = .string(words(flag ? "admin.yes" : "admin.no"))
        case .list(let list): cell["text"] = .string(list.joined(separator: ", "))
        case .json(let json): cell["code"] = .string(json.text)
        case .masked(let isSet): cell["text"] = .string(words(isSet ? "admin.masked" : "admin.unset"))
        }
        if let link, let target = field.link.flatMap({ to in objects.first { $0.name == to.object } }),
            let role = try? request.person().user.role, role.reaches(target.readers)
        {
            cell["link_href"] = .string(address(target, link))
        }
        return .object(cell)
    }

    /// Health is coloured, kind is not.
    private static func tone(_ word: String) -> String {
        switch word {
        case "failed", "refused", "conflict": "is-down"
        case "done", "pushed", "active", "open", "works": "is-up"
        default: "is-outline"
        }
    }

    private func doneText(_ done: String?, _ words: Words) -> ViewValue {
        guard let done,
            ["edit", "add"].contains(done) || objects.contains(where: { $0.actions.contains { $0.name == done } })
        else { return nil }
        return .string(words("admin.done.\(done)"))
    }

    // MARK: One

    func row(
        _ object: StoredObject, _ row: StoredRow, _ actions: [StoredAction], done: String?,
        typed: [String: String?] = [:], problems: [StoredRefusal] = [], status: Status = .ok, to request: Request
    ) throws -> Response {
        guard request.wantsPage else { return .json(json(object, row, actions, message: nil, request), status: status) }
        let words = frame.words(for: request)
        let mayWrite = try request.person().user.role.reaches(object.writers)
        let facts: [ViewValue] = zip(object.fields, zip(row.values, row.links)).map { field, value in
            [
                "label": .string(words("admin.field.\(field.name)")),
                "cell": cell(field, value.0, value.1, request),
            ]
        }
        let inputs: [ViewValue] =
            mayWrite
            ? zip(object.fields, row.values).compactMap { field, value in
                field.rule.map { rule in
                    input(field.name, rule, value: typed[field.name] ?? value.plain, problems, words)
                }
            } : []
        let own = Set(object.fields.map(\.name))
        let context: ViewValue = [
            "object_title": .string(title(object, words)), "back_href": .string("/admin/\(object.name)/"),
            "label": .string(row.label.isEmpty ? row.key : row.label), "facts": .list(facts),
            "csrf_token": csrf(request), "mark": .string((typed["mark"] ?? nil) ?? row.mark(of: object)),
            "form_action": .string(address(object, row.key)), "has_inputs": .bool(!inputs.isEmpty),
            "inputs": .list(inputs), "done": doneText(done, words),
            "problem": ViewValue(problems.first { $0.field.map { !own.contains($0) } ?? true }.map { words($0.word) }),
            "has_actions": .bool(!actions.isEmpty),
            "actions": .list(
                actions.map { action in
                    [
                        "href": .string("\(address(object, row.key))\(action.name)/"),
                        "word": .string(words("admin.action.\(action.name)")),
                        "about": .string(words("admin.ask.\(action.name)", ["label": .string(row.label)])),
                        "is_destructive": .bool(action.isDestructive),
                    ]
                }),
            "related": .list(try related(object, row, words, request)),
        ]
        return try frame.page(
            "admin_row", context, title: row.label.isEmpty ? title(object, words) : row.label, at: .admin, to: request,
            status: status)
    }

    /// Lists of what names this one.
    private func related(
        _ object: StoredObject, _ row: StoredRow, _ words: Words, _ request: Request
    ) throws -> [ViewValue] {
        let role = try request.person().user.role
        return objects.filter { role.reaches($0.readers) }.flatMap { other in
            other.fields.filter { $0.link?.object == object.name }.map { field in
                [
                    "href": .string("/admin/\(other.name)/?\(field.name)=\(PercentCoding.encode(row.key))"),
                    "label": .string(title(other, words)),
                ]
            }
        }
    }

    private func input(
        _ name: String, _ rule: StoredField.Rule, value: String?, _ problems: [StoredRefusal], _ words: Words
    ) -> ViewValue {
        let problem = problems.first { $0.field == name }
        var input: ViewObject = [
            "name": .string(name), "label": .string(words("admin.field.\(name)")), "value": .string(value ?? ""),
            "problem": ViewValue(problem.map { words($0.word) }),
        ]
        switch rule {
        case .text(let range):
            input["is_text"] = true
            input["maximum"] = .integer(Int64(range.upperBound))
            input["is_required"] = .bool(range.lowerBound > 0)
        case .choice(let choices, let isOptional):
            input["is_choice"] = true
            let all =
                (isOptional ? [("", words("admin.unset"))] : []) + choices.map { ($0, words("admin.value.\($0)")) }
            input["options"] = .list(
                all.map { choice, label in
                    [
                        "value": .string(choice), "label": .string(label),
                        "is_current": .bool(choice == (value ?? "")),
                    ]
                })
        case .flag:
            input["is_flag"] = true
            input["is_set"] = .bool(value == "true")
        case .time:
            input["is_time"] = true
            // The control takes no zone; the page says that it is UTC.
            input["value"] = .string(String((value ?? "").prefix(19)))
        }
        return .object(input)
    }

    func json(
        _ object: StoredObject, _ row: StoredRow, _ actions: [StoredAction], message: String?, _ request: Request
    ) -> JSON {
        var fields = JSONObject()
        var links = JSONObject()
        for (index, field) in object.fields.enumerated() {
            fields[field.name] = row.values[index].json
            if let link = row.links[index], let to = field.link {
                links[field.name] = .string("/admin/\(to.object)/\(PercentCoding.encode(link))/")
            }
        }
        let mayWrite = (try? request.person().user.role.reaches(object.writers)) ?? false
        return [
            "object": .string(object.name), "key": .string(row.key), "label": .string(row.label),
            "fields": .object(fields), "links": .object(links), "mark": .string(row.mark(of: object)),
            "editable": .array(
                mayWrite ? object.fields.filter { $0.rule != nil }.map { .string($0.name) } : []),
            "actions": .array(
                actions.map { ["name": .string($0.name), "is_destructive": .bool($0.isDestructive)] }),
            "message": message.map { .string($0) } ?? .null,
        ]
    }

    // MARK: Actions

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

    // MARK: New ones

    func new(
        _ object: StoredObject, _ addition: StoredAddition, typed: [String: String?] = [:],
        problems: [StoredRefusal] = [], status: Status = .ok, to request: Request
    ) throws -> Response {
        let words = frame.words(for: request)
        guard request.wantsPage else {
            return .json(["fields": .array(addition.fields.map { .string($0.name) })])
        }
        let own = Set(addition.fields.map(\.name))
        let context: ViewValue = [
            "object_title": .string(title(object, words)), "back_href": .string("/admin/\(object.name)/"),
            "title": .string(words("admin.new.\(object.name)")),
            "text": .string(words("admin.new_text.\(object.name)")),
            "csrf_token": csrf(request), "form_action": .string("/admin/\(object.name)/new/"),
            "inputs": .list(
                addition.fields.map { input($0.name, $0.rule, value: typed[$0.name] ?? nil, problems, words) }),
            "problem": ViewValue(problems.first { $0.field.map { !own.contains($0) } ?? true }.map { words($0.word) }),
        ]
        return try frame.page(
            "admin_new", context, title: words("admin.new.\(object.name)"), at: .admin, to: request, status: status)
    }
}

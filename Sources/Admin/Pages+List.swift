import Accounts
import Base
import Frame
import HTTP
import StoredObjects
import Views

/// The list of one kind: its columns, filters and pages.
extension AdminPages {
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
    func cell(_ field: StoredField, _ value: StoredRow.Value, _ link: String?, _ request: Request) -> ViewValue {
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
            cell["time"] = words.time(time)
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

    func doneText(_ done: String?, _ words: Words) -> ViewValue {
        guard let done,
            ["edit", "add"].contains(done) || objects.contains(where: { $0.actions.contains { $0.name == done } })
        else { return nil }
        return .string(words("admin.done.\(done)"))
    }
}

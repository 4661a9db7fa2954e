import Accounts
import Base
import Frame
import HTTP
import StoredObjects
import Views

/// One stored thing, and the form for a new one.
extension AdminPages {
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

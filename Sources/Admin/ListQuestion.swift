import Base
import HTTP
import StoredObjects

/// What a list is asked for, from its query string. What it can't be asked for is left out.
struct ListQuestion: Sendable {
    var text = ""
    /// Fields by name with the value they must have.
    var filters: [(field: StoredField, value: String)] = []
    var sort: StoredField?
    var isDescending = false
    /// From 1.
    var page = 1

    static let pageSize = 50
    /// Deeper pages cost more than they are worth: whoever looks there searches.
    static let lastPage = 200

    init(_ query: FormFields, of object: StoredObject) {
        text = String((query["q"] ?? "").trimmingSpaces().prefix(200))
        for field in object.fields {
            guard let value = query[field.name], !value.isEmpty else { continue }
            switch field.kind {
            case .choice(let words) where words.contains(value): filters.append((field, value))
            case .flag where value == "true" || value == "false": filters.append((field, value))
            default: if field.link != nil { filters.append((field, String(value.prefix(200)))) }
            }
        }
        let sorted = object.fields.first { $0.name == query["sort"] && $0.isSortable && $0.isListed }
        sort = sorted ?? object.fields.first { $0.name == object.order.field }
        isDescending = sorted == nil ? object.order.isDescending : query["dir"] == "desc"
        page = min(max(query["page"].flatMap { Int($0) } ?? 1, 1), Self.lastPage)
    }

    /// The address of this list with other words for `sort`, `dir` and `page`.
    func address(_ object: StoredObject, sort: String?, isDescending: Bool, page: Int) -> String {
        var parts: [String] = []
        if !text.isEmpty { parts.append("q=\(PercentCoding.encode(text))") }
        for filter in filters { parts.append("\(filter.field.name)=\(PercentCoding.encode(filter.value))") }
        if let sort, sort != object.order.field || isDescending != object.order.isDescending {
            parts.append("sort=\(sort)&dir=\(isDescending ? "desc" : "asc")")
        }
        if page > 1 { parts.append("page=\(page)") }
        return "/admin/\(object.name)/" + (parts.isEmpty ? "" : "?" + parts.joined(separator: "&"))
    }
}

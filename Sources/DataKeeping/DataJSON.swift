import Base

/// What programs are shown.
enum DataJSON {
    static let person = Shape.object([
        .required("id", .integer), .required("name", .text), .required("role", .text), .required("is_closed", .bool),
        .required("pushes", .integer(0 ... .max)),
    ]).named("Person")

    static let overview = Shape.object([
        .required(
            "retention",
            .list(
                of: .object([
                    .required("table", .text),
                    .required("keep_days", .integer(1...36_500).orNull, "Null: for ever."),
                    .required("pruned_at", .time.orNull, "When it was last looked through."),
                    .required("pruned_rows", .integer(0 ... .max), "All that was ever removed."),
                ]))),
        .required("people", .list(of: person)),
    ])

    static func person(_ person: PersonalData.Person) -> JSON {
        [
            "id": .integer(person.id), "name": .string(person.name), "role": .string(person.role),
            "is_closed": .bool(person.isClosed), "pushes": .integer(person.pushes),
        ]
    }

    static func overview(_ rules: [Retention.Rule], _ people: [PersonalData.Person]) -> JSON {
        [
            "retention": .array(
                rules.map { rule in
                    [
                        "table": .string(rule.name),
                        "keep_days": rule.keepDays.map { .integer(Int64($0)) } ?? .null,
                        "pruned_at": rule.prunedAt.map { .string($0.iso8601) } ?? .null,
                        "pruned_rows": .integer(rule.prunedRows),
                    ]
                }), "people": .array(people.map(person)),
        ]
    }
}

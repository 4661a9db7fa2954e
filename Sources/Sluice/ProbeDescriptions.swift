import Base
import HTTP

/// What the probes answer.
enum ProbeDescriptions {
    private static let readiness = Shape.object([
        .required("status", .word("ready", "not ready")), .required("database", .word("ok", "away", "not asked")),
        .required("stopping", .bool),
    ]).named("Readiness")

    static let byName: [String: RouteDescription] = [
        "GET /health": RouteDescription(
            "Probes", answers: [.json(.object([.required("status", .word("ok"))]), "While the process lives.")]),
        "GET /ready": RouteDescription(
            "Probes",
            answers: [
                .json(readiness, "It takes work and its database answers."),
                .json(readiness, "It does not take work now.", status: .serviceUnavailable),
            ]),
    ]
}

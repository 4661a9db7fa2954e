import Base
import HTTP

extension PostbackIntake {
    /// The URL that trackers call. Nobody is asked who they are: the secret in it says so.
    package var routes: [Route] {
        [Method.get, .post].map { method in
            Route(
                method, Self.path, access: .anyone, effect: .writes, summary: "Keitaro's S2S postback",
                bodyLimit: 65_536, handler: receive
            ).described(in: ["GET \(Self.path)": Self.description, "POST \(Self.path)": Self.posted])
        }
    }

    package static let path = "/integrations/keitaro/postback"

    private static let tag = "Postbacks"
    private static let detail = """
        Query, form and JSON are merged; a field of the content counts before the same one of the query. Names that Keitaro and \
        networks use for the same thing are understood (subid, tid, revenue, …), what is blank or an unfilled placeholder counts as \
        missing, and what is unknown is kept. A postback that was answered with ok is stored: it is not lost when the database is \
        away, and a repeated one is kept but not announced again.
        """
    private static let secret = RouteDescription.Parameter.query(
        "secret", .text, "The profile's secret. May stand in the content instead.")
    private static let answers: [RouteDescription.Answer] = [
        .content("text/plain", "ok: it is stored."),
        .content(
            "text/plain", "forbidden: no profile has this secret, or its profile is switched off.", status: .forbidden),
    ]
    private static let problems: [(status: Status, note: String)] = [
        (.serviceUnavailable, "It could be kept nowhere: send it again.")
    ]
    private static let shapes: [(name: String, shape: Shape)] = PostbackField.allCases.map { ($0.rawValue, .text) }

    private static let description = RouteDescription(
        tag, detail: detail, parameters: [secret] + shapes.map { .query($0.name, $0.shape) }, answers: answers,
        problems: problems)
    private static let posted = RouteDescription(
        tag, detail: detail, parameters: [secret],
        // Networks send JSON as text and forms as anything: it is read whatever it calls itself, and never refused for it.
        content: .init(shapes.map { .optional($0.name, $0.shape) }, types: [RouteDescription.Content.anyType]),
        answers: answers, problems: problems)
}

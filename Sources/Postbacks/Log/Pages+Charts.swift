import Base
import Frame
import HTTP
import Views

/// The page of charts, which its script fills.
extension PostbackPages {
    func charts(
        _ question: ChartQuestion, profiles: [PostbackDeskStore.ListedProfile], to request: Request
    ) throws -> Response {
        let words = frame.words(for: request)
        let days: [(Int64, String)] = [
            (1, words("postbacks.charts.day")), (7, words("postbacks.charts.week")),
            (30, words("postbacks.charts.month")),
        ]
        let own: ViewObject = [
            "day_choices": .list(days.map { Self.choice(String($0.0), $0.1, isCurrent: $0.0 == question.days) }),
            "by_choices": .list(
                ChartQuestion.By.allCases.map { by in
                    Self.choice(
                        by.rawValue, words("postbacks.charts.by_\(by.rawValue)"), isCurrent: by == question.by)
                }),
            "profile_choices": .list(
                profiles.map {
                    Self.choice(
                        String($0.profile.id), $0.profile.name, isCurrent: $0.profile.id == question.profileID)
                }),
        ]
        return try frame.page(
            "postback_charts", context(.charts, request, own), title: words("postbacks.nav.charts"),
            at: .postbackCharts, to: request)
    }
}

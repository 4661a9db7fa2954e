import Frame
import Views

/// Why a push did not go through, in words: look.md 1–4 and 6.
struct PushSentence {
    struct Step {
        let text: Word
        /// What to hand to somebody, with a button to copy it.
        let copied: String?
    }

    let title: Word
    let detail: Word
    var steps: [Step] = []

    init(_ problem: PushProblem, flowNumber: Int, serverAddress: String) {
        let status: ViewObject = ["status": .integer(Int64(problem.status ?? 0))]
        let answer = problem.text.flatMap { $0.isEmpty ? nil : $0 } ?? "\(problem.status ?? 422)"
        switch problem.kind {
        case "key_refused":
            title = Word("push.error.refused_key_title")
            detail = Word("push.error.refused_key_detail")
        case "edition":
            title = Word("login.error.edition_title")
            detail = Word("login.error.edition_detail")
        case "timeout":
            title = Word("push.error.timeout_title", ["seconds": .integer(Int64(problem.seconds ?? 15))])
            detail = Word("push.error.timeout_not_saved")
        case "unknown":
            title = Word("push.error.unknown_title")
            detail = Word("push.error.unknown_detail")
        case "lost":
            title = Word("push.error.lost_title")
            detail = Word("push.error.lost_detail")
        case "firewall":
            let isCloudflare = problem.text == PushProblem.cloudflare
            title = Word(isCloudflare ? "push.error.firewall_title" : "push.error.firewall_other_title")
            detail = Word("push.error.firewall_detail", status)
            steps = [
                Step(text: Word("push.error.firewall_step"), copied: serverAddress),
                Step(text: Word("push.error.again_step"), copied: nil),
            ]
        case "unreachable":
            title = Word("push.error.unreachable_title")
            detail = Word("push.error.unreachable_detail")
        case "forbidden":
            title = Word("push.error.forbidden_title")
            detail = Word("push.error.forbidden_detail")
        case "gone":
            title = Word("push.error.gone_title")
            detail = Word("push.error.gone_detail")
        case "rejected":
            title = Word("push.error.rejected_title")
            detail = Word("push.error.rejected_detail", ["answer": .string(answer)])
        case "mismatch":
            title = Word("push.error.mismatch_title")
            detail = Word("push.error.mismatch_detail")
        case "limited":
            title = Word("push.error.limited_title")
            detail = Word("push.error.limited_failed")
        case "conflict":
            let number: ViewObject = ["number": .integer(Int64(flowNumber))]
            title = Word("conflict.title", number)
            detail = Word("conflict.text_safe")
        default:
            title = Word("push.error.unexpected_title")
            detail = Word("push.error.timeout_not_saved")
        }
    }
}

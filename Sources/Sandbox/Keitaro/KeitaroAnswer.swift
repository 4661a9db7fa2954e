import Base

/// What the tracker answers: a status and a body, ready for whoever speaks HTTP (`reference/keitaro.md §1.6`).
package struct KeitaroAnswer: Hashable, Sendable {
    package enum Body: Hashable, Sendable {
        /// `application/json`
        case json(JSON)
        /// `text/plain`; Keitaro's 404 is.
        case text(String)
    }

    package let status: Int
    package let body: Body

    package init(status: Int = 200, body: Body) {
        self.status = status
        self.body = body
    }

    /// Nil for plain text.
    package var json: JSON? {
        if case .json(let json) = body { json } else { nil }
    }
}

/// A refusal on its way to becoming an answer.
struct KeitaroProblem: Error {
    let answer: KeitaroAnswer

    static func error(_ status: Int, _ message: String) -> KeitaroProblem {
        KeitaroProblem(answer: KeitaroAnswer(status: status, body: .json(["error": .string(message)])))
    }

    static func notFound(_ model: String, _ id: Int64) -> KeitaroProblem {
        KeitaroProblem(answer: KeitaroAnswer(status: 404, body: .text("Traffic\\Model\\\(model) #\(id) not found")))
    }

    static func forbidden(_ page: String) -> KeitaroProblem {
        let message = "You have no permission to access this page to \(page)"
        return KeitaroProblem(
            answer: KeitaroAnswer(status: 403, body: .json(["error": .string(message), "stacktrace": nil])))
    }
}

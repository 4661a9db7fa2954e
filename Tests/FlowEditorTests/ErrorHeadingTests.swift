import Base
import TestDesk
import Testing

/// What stands before the sentence of an error: never the status' English name, nor another thing than what happened.
@Suite(.timeLimit(.minutes(10))) struct ErrorHeadingTests {
    @Test(arguments: [
        ("uk", "Не зроблено.", "З Keitaro нічого не прочитано."),
        ("ru", "Не сделано.", "Из Keitaro ничего не прочитано."),
        ("en", "Not done.", "Nothing was read from Keitaro."),
    ])
    func `a refusal and a failure of Keitaro have a heading in the asker's language`(
        language: String, refused: String, unread: String
    ) async throws {
        try await withScene { scene in
            let visitor = scene.visitor.with("Accept-Language", language)
            let flow = "/campaigns/flow/\(scene.flowID)"
            for (path, body, status) in [
                ("\(flow)/add-offer/", ["offer_id": .integer(scene.offers[0])], 422), ("\(flow)/push/", [:], 409),
                ("\(flow)/restore-draft/", [:], 409),
            ] as [(String, JSON, Int)] {
                let answer = try await visitor.post(path, body)
                #expect(answer.status == status && answer.title == refused, "\(answer.text)")
            }
            for (fault, status) in [
                (["kind": "cloudflare"], 502), (["kind": "plain_not_found"], 404),
                (["kind": "status", "status": 402], 402), (["kind": "rate_limit"], 429),
            ] as [(JSON, Int)] {
                try await scene.desk.keitaro.fail(fault)
                let answer = try await visitor.get("/campaigns/\(scene.campaignID)/check-sync/")
                #expect(answer.status == status && answer.title == unread, "\(answer.text)")
                try await scene.desk.keitaro.endFaults()
            }
            let signedOut = try await scene.desk.stranger.with("Accept-Language", language).get("/campaigns/")
            #expect(signedOut.status == 401 && signedOut.title != "Unauthorized" && signedOut.detail.contains("Bearer"))
        }
    }
}

import Base
import Postgres
import TestDesk
import Testing

/// Who may only read flows is shown no control that would be refused.
@Suite(.timeLimit(.minutes(10))) struct ReadingRoleTests {
    private static let controls = [
        "class=\"pin\"", "share-input", "data-step", "data-action=\"remove\"", "data-action=\"bring-back\"",
        "add-offer-input", "data-title", "data-can-push",
    ]

    @Test func `an analyst sees shares and drafts, and nothing to change them with`() async throws {
        try await withScene { scene in
            try await scene.edit()
            try #require(try await scene.post("remove", row: scene.offers[1]).status == 200)
            let browser = try await scene.desk.browser()
            let path = "/campaigns/\(scene.campaignID)/"
            let own = try await browser.get(path).text
            for control in Self.controls { #expect(own.contains(control), "\(control)") }
            try await scene.desk.database.execute("UPDATE users SET role = 'analyst'")
            let read = try await browser.get(path).text
            for control in Self.controls { #expect(!read.contains(control), "\(control)") }
            #expect(read.contains("class=\"share-read\"") && read.contains("is-draft"))
            let card = try await browser.with("Sluice-Fragment", "flow").accepting("application/json")
                .get("/campaigns/flow/\(scene.flowID)/").json["html"]?.stringValue
            #expect(card?.contains("share-read") == true && card?.contains("share-input") == false)
        }
    }

    @Test func `the undo of a push is there for who may use it`() async throws {
        try await withScene { scene in
            try await scene.edit()
            try #require(try await scene.post("push").status == 200)
            let browser = try await scene.desk.browser()
            #expect(try await browser.get("/campaigns/pushes/").text.contains("data-undo"))
            try await scene.desk.database.execute("UPDATE users SET role = 'analyst'")
            let read = try await browser.get("/campaigns/pushes/").text
            #expect(read.contains("data-push") && !read.contains("data-undo"))
            let script = browser.accepting("application/json")
            #expect(try await script.get("/campaigns/pushes/1/").json["undo"] == .null)
        }
    }
}

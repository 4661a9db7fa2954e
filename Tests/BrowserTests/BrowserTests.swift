import Base
import Glibc
import Testing

/// The pages in a real browser, against the real program. One browser, one desk and one tracker serve all of it; every visit has a
/// profile of its own and every test flows of its own.
@Suite(.serialized) struct BrowserTests {
    static let browser = Result { try Browser() }
    static let desk = Result { try ServedDesk() }

    /// Opens a tab, lets `walk` use it, and takes what the page complained about as failures.
    static func visit(
        _ device: Page.Device = .desk, language: String = "en", sourceLocation: SourceLocation = #_sourceLocation,
        _ walk: (Page, ServedDesk) async throws -> Void
    ) async throws {
        let desk = try desk.get()
        let page = try await Page.open(in: try browser.get(), device, language: language)
        do {
            try await walk(page, desk)
        } catch {
            try? await Pictures.keep(page, "failure-\(sourceLocation.line)")
            report(page, sourceLocation)
            try? await page.close()
            throw error
        }
        report(page, sourceLocation)
        try await page.close()
    }

    private static func report(_ page: Page, _ sourceLocation: SourceLocation) {
        for complaint in page.complaints.all {
            Issue.record("the page complains: \(complaint)", sourceLocation: sourceLocation)
        }
    }
}

import HTTP
import Views

/// Who looks at a page, as the page needs it. Attached to a request by the Accounts floor.
package struct Viewer: Sendable {
    package var name: String
    package var language: Language?
    package var theme: Theme?
    package var csrfToken: String
    package var trackerName: String
    package var trackerHost: String
    /// False once the tracker has refused the viewer's key.
    package var trackerIsHealthy: Bool
    /// Whether the navigation shows the flow editor.
    package var readsFlows: Bool
    package var isAdmin: Bool

    package init(
        name: String, language: Language?, theme: Theme?, csrfToken: String, trackerName: String, trackerHost: String,
        trackerIsHealthy: Bool, isAdmin: Bool = false, readsFlows: Bool = true
    ) {
        self.name = name
        self.language = language
        self.theme = theme
        self.csrfToken = csrfToken
        self.trackerName = trackerName
        self.trackerHost = trackerHost
        self.trackerIsHealthy = trackerIsHealthy
        self.readsFlows = readsFlows
        self.isAdmin = isAdmin
    }

    /// The first letters of the first two words, as the round badge shows them.
    package var initials: String {
        String(name.split(separator: " ").prefix(2).compactMap(\.first)).uppercased()
    }
}

package enum Theme: String, Sendable, CaseIterable {
    case light, dark
}

extension Request {
    /// The account's language, else the login page's cookie, else the browser's, else English.
    package var language: Language {
        if let language = self[Viewer.self]?.language { return language }
        if let chosen = cookie("language").flatMap({ Language(rawValue: $0) }) { return chosen }
        return header("accept-language").flatMap { Language(acceptLanguage: $0) } ?? .en
    }

    package var theme: Theme? {
        if let viewer = self[Viewer.self] { return viewer.theme }
        return cookie("theme").flatMap { Theme(rawValue: $0) }
    }
}

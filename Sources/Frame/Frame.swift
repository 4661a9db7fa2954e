import Base
import HTTP
import Views

/// What all pages have around them: layout, navigation, language, demo chip; and how problems look.
package final class Frame: Sendable {
    package let templates: TemplateSet
    /// Changes with any static file; stands behind `?v=` in the pages.
    package let assetVersion: String
    package let isDemo: Bool
    /// The keys a demo's login page offers.
    package let demoKeys: [String]
    /// How the outside sees this server, for firewalls' owners.
    package let serverAddress: String
    /// Browsers come by https, so cookies are marked Secure.
    package let isSecure: Bool
    private let scriptWords: [Language: String]

    /// - Throws: every problem of the templates and words, by name.
    package init(
        templatesDirectory: String, assetVersion: String, demoKeys: [String]?, publicURL: String?,
        servesTLS: Bool = false,
        serverName: String
    ) throws {
        templates = try TemplateSet(directory: templatesDirectory)
        self.assetVersion = assetVersion
        isDemo = demoKeys != nil
        self.demoKeys = demoKeys ?? []
        isSecure = servesTLS || publicURL?.hasPrefix("https://") ?? false
        serverAddress = publicURL.flatMap(Self.host) ?? serverName
        var scriptWords: [Language: String] = [:]
        for language in Language.allCases {
            let bytes = try FileSystem.read("\(templatesDirectory)/words/\(language.rawValue).json", limit: 1 << 20)
            scriptWords[language] = (try JSON(parsing: bytes)["js"] ?? [:]).htmlText
        }
        self.scriptWords = scriptWords
    }

    package func words(for request: Request) -> Words {
        templates.words(request.language)
    }

    /// Which entry of the navigation a page belongs to.
    package enum Place: Sendable {
        case campaigns, pushes, reference, admin, elsewhere
        case postbacks, postbackProfiles, postbackRoutes, postbackReconciliation, postbackCharts, postbackRequests

        /// Whether it is a page of the postbacks desk.
        var isOfPostbacks: Bool {
            switch self {
            case .postbacks, .postbackProfiles, .postbackRoutes, .postbackReconciliation, .postbackCharts,
                .postbackRequests:
                true
            default: false
            }
        }
    }

    /// A whole page. Without a viewer it has no navigation.
    /// - Parameters:
    ///   - title: in the viewer's language, without the program's name.
    ///   - campaignsCount: for the navigation; nil leaves it out.
    package func page(
        _ template: String, _ context: ViewValue, title: String, at place: Place, campaignsCount: Int64? = nil,
        to request: Request, status: Status = .ok
    ) throws -> Response {
        let words = words(for: request)
        let body = try templates.render(template, context, words: words)
        let page: ViewValue = [
            "lang": .string(request.language.rawValue), "theme": ViewValue(request.theme?.rawValue),
            "page_title": .string(title), "asset_version": .string(assetVersion),
            "csrf_token": .string(request[Viewer.self]?.csrfToken ?? ""),
            "script_words": .string(scriptWords[request.language] ?? "{}"), "body": .html(body), "demo": .bool(isDemo),
            "shell": request[Viewer.self].map {
                shell($0, at: place, campaignsCount: campaignsCount, language: request.language, words: words)
            } ?? nil,
        ]
        return .html(try templates.render("layout/page", page, words: words), status: status)
    }

    /// A part of a page, for scripts to put in place.
    package func fragment(_ template: String, _ context: ViewValue, to request: Request) throws -> [UInt8] {
        try templates.render(template, context, words: words(for: request))
    }

    private func shell(
        _ viewer: Viewer, at place: Place, campaignsCount: Int64?, language: Language, words: Words
    ) -> ViewValue {
        [
            "has_tracker": .bool(!viewer.trackerName.isEmpty), "reads_flows": .bool(viewer.readsFlows),
            "is_admin": .bool(viewer.isAdmin),
            "tracker_name": .string(viewer.trackerName), "tracker_host": .string(viewer.trackerHost),
            "tracker_is_healthy": .bool(viewer.trackerIsHealthy),
            "tracker_health_text": .string(words(viewer.trackerIsHealthy ? "nav.healthy" : "nav.unhealthy")),
            "campaigns_count": ViewValue(campaignsCount.map { words.numbers.number($0) }),
            "on_campaigns": .bool(place == .campaigns), "on_pushes": .bool(place == .pushes),
            "on_reference": .bool(place == .reference),
            "on_admin": .bool(place == .admin),
            "in_flows": .bool(place == .campaigns || place == .pushes), "in_postbacks": .bool(place.isOfPostbacks),
            "on_postbacks": .bool(place == .postbacks), "on_postback_profiles": .bool(place == .postbackProfiles),
            "on_postback_routes": .bool(place == .postbackRoutes),
            "on_postback_reconciliation": .bool(place == .postbackReconciliation),
            "on_postback_charts": .bool(place == .postbackCharts),
            "on_postback_requests": .bool(place == .postbackRequests),
            "person_name": .string(viewer.name), "person_initials": .string(viewer.initials),
            "languages": .list(Self.languages(current: language)), "theme_is_auto": .bool(viewer.theme == nil),
            "theme_is_light": .bool(viewer.theme == .light), "theme_is_dark": .bool(viewer.theme == .dark),
        ]
    }

    /// The languages by their own names, for choosing.
    package static func languages(current: Language) -> [ViewValue] {
        [(Language.uk, "Українська"), (.ru, "Русский"), (.en, "English")].map { language, name in
            ["code": .string(language.rawValue), "name": .string(name), "is_current": .bool(language == current)]
        }
    }

    /// The host of an absolute URL, without port.
    package static func host(_ url: String) -> String? {
        guard let scheme = url.firstRange(of: "://") else { return nil }
        let rest = url[scheme.upperBound...].prefix { $0 != "/" && $0 != "?" }
        if rest.hasPrefix("[") { return rest.split(separator: "]").first.map { String($0.dropFirst()) } }
        return rest.split(separator: ":").first.map(String.init)
    }
}

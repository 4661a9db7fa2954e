import Base

/// Where the repository is, from the place of this file.
package enum TestPlaces {
    package static let repository: String = {
        var parts = #filePath.split(separator: "/", omittingEmptySubsequences: false)
        parts.removeLast(3)
        return parts.joined(separator: "/")
    }()

    package static var migrations: String { "\(repository)/Migrations" }
    package static var templates: String { "\(repository)/Templates" }
    package static var publicFiles: String { "\(repository)/Public" }
}

extension Logger {
    package static let silent = Logger(component: "test", sink: Logger.nowhere)
}

/// Why a sealed message was not opened, or not made. Says nothing of keys or content.
package enum CryptographyError: Error, Hashable, Sendable {
    /// Too short to hold a nonce and a tag.
    case malformed
    /// Altered, or sealed with another key or for another place.
    case notAuthentic
    /// More than 1 GiB in one message.
    case tooLarge
}

extension CryptographyError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .malformed: "the sealed message is too short"
        case .notAuthentic: "the sealed message was altered or belongs to another key"
        case .tooLarge: "the message is too large to seal at once"
        }
    }
}

import Base
import Fetch

/// What several parts of the program make of its settings.
extension Configuration {
    /// Of the desk's own port.
    var scheme: String { tls == nil ? "http" : "https" }

    /// The desk as this machine reaches it: right where Keitaro is on the same one, as in the demo.
    var ownURL: String { "\(scheme)://localhost:\(port)" }

    /// Of all that the program asks outside.
    var fetchOptions: FetchOptions { FetchOptions(userAgent: "Sluice/\(Desk.version)", proxy: httpsProxy) }
}

import Base

/// What is the same for every request of the process.
package struct FetchOptions: Sendable {
    package var userAgent: String
    /// `HTTPS_PROXY`: used for `https` addresses; may hold a password. Nil: direct connections, whatever the environment says.
    package var proxy: Secret?
    /// Hosts that are never asked through the proxy, comma separated, as in `NO_PROXY`. Loopback never is.
    package var directHosts: String
    /// A PEM file of trusted authorities. Nil: the system's.
    package var authorities: String?

    package init(
        userAgent: String = "Sluice", proxy: Secret? = nil, directHosts: String = "", authorities: String? = nil
    ) {
        self.userAgent = userAgent
        self.proxy = proxy
        self.directHosts = directHosts
        self.authorities = authorities
    }
}

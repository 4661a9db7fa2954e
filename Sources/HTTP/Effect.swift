/// What calling a route does. Scopes of tokens follow from it, and what is written into the audit log.
package enum Effect: String, Sendable, CaseIterable {
    /// Changes nothing here nor elsewhere.
    case reads
    /// Reads much at once, to be carried away: each one is logged.
    case exports
    /// Changes what is stored here.
    case writes
    /// Changes an outside service.
    case pushes
    /// Changes what other people may do.
    case administers
}

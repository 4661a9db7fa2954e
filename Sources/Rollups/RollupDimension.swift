/// What conversions are summed by, besides profile, currency and status. The stored names of `conversion_rollups.dimension`.
package enum RollupDimension: String, Hashable, Sendable, CaseIterable {
    /// All of a profile; its value is empty.
    case all
    case campaign, country, source, offer
}

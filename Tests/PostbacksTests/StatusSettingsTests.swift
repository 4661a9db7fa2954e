import Base
import Testing

@testable import Postbacks

/// Statuses as people write them in settings.
@Suite struct StatusSettingsTests {
    @Test func `a profile's statuses are ours, whatever word they are given by`() throws {
        var profile = PostbackProfile(id: 1, name: "A")
        try ProfileInput.apply(
            [
                "status_mappings": ["Qualified": "Sale", "kyc": "KYC passed", "no": " "],
                "policies": ["Deposit": "ignore", "lead": "new"], "templates": ["FTD": "{amount}"],
            ], to: &profile)
        #expect(profile.statusMappings == ["qualified": .deposit, "kyc": .other("kyc passed")])
        #expect(profile.policies == ["deposit": .ignore, "registration": .new])
        #expect(profile.templates == ["deposit": "{amount}"])
    }

    @Test func `a route's statuses too`() throws {
        var route = PostbackRoute(id: 1, match: .any, chatID: 1)
        try ProfileInput.apply(["statuses": ["sale", "Rejected", "kyc"]], to: &route)
        #expect(route.statuses == ["deposit", "rejected", "kyc"])
    }
}

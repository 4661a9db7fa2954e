import Base
import Fetch
import Keitaro
import Postbacks
import Postgres
import Sandbox

/// The demo's traffic: URLs of profiles put into the simulated tracker, which then posts its conversions to this very desk.
struct DemoTraffic: Sendable {
    let database: Database
    let vault: PostbackVault
    let trackers: KeitaroTrackers
    let trackerURL: String
    /// In the installed addresses.
    let publicURL: String
    let log: Logger

    /// Two of three campaigns that are on, shared out among the profiles that stand nowhere yet. What people remove stays removed.
    func install() async {
        do {
            let store = InstallationStore(database: database, vault: vault)
            let profiles = try await DemoStore(database: database).profilesToInstall()
            guard !profiles.isEmpty else { return }
            let key = Secret(KeitaroWorld.adminKey)
            let client = trackers.client(at: trackerURL)
            let campaigns = try await client.campaigns(key).filter { $0.state == .active }
            for (index, campaign) in campaigns.enumerated() where index % 3 != 2 {
                try await install(into: campaign, profiles[index / 3 % profiles.count], store, client, key)
            }
        } catch {
            log.warning("the demo's tracker posts nowhere", ["error": "\(error)"])
        }
    }

    private func install(
        into campaign: KeitaroCampaign, _ profileID: Int64, _ store: InstallationStore, _ client: KeitaroClient,
        _ key: Secret
    ) async throws {
        guard let secret = try await store.secrets(ofProfile: profileID)?.secret else { return }
        let statuses = PostbackInstallation.statuses
        let own = KeitaroPostback(
            method: campaign.id % 4 == 0 ? "POST" : "GET", statuses: statuses,
            // One macro more than there is, as people write them.
            url: PostbackURL.make(base: publicURL, secret: secret.reveal()) + "&offer_name={offer_name}")
        _ = try await client.putPostbacks(ofCampaign: campaign.id, (campaign.postbacks ?? []) + [own], key)
        let place = InstalledPostbacks.Place(
            kind: .campaign, id: campaign.id, name: campaign.name, statuses: Set(statuses), since: .now())
        try await store.note([place], ofProfile: profileID, isComplete: false)
    }
}

import Base

/// The last copy of all profiles in `DATA_DIR`: what is needed to receive postbacks before the database is there. Secrets are not in it,
/// only their keyed hashes. Blocks.
struct ProfileSnapshot: Sendable {
    let path: String

    init(directory: String) { path = directory + "/postback_profiles.json" }

    func write(_ contents: ProfileBook.Contents) -> SystemError? {
        let json: JSON = [
            "version": 1, "profiles": .array(contents.profiles.values.sorted { $0.id < $1.id }.map(Self.json)),
            "secrets": .array(
                contents.secrets.map { lookup, entry in
                    var json: JSON = ["lookup": .string(Hex.encode(lookup)), "profile": .integer(entry.profileID)]
                    json["until"] = (entry.until?.microseconds).map { .integer($0) }
                    return json
                }),
        ]
        do throws(SystemError) {
            try FileSystem.write(json.bytes, to: path, mode: 0o600)
            return nil
        } catch {
            return error
        }
    }

    /// Nil when there is none, or none that can be read.
    func read() -> ProfileBook.Contents? {
        guard let bytes = try? FileSystem.read(path, limit: 64 << 20), let json = try? JSON(parsing: bytes),
            json["version"]?.intValue == 1
        else { return nil }
        var contents = ProfileBook.Contents()
        for profile in (json["profiles"]?.arrayValue ?? []).compactMap(Self.profile) {
            contents.profiles[profile.id] = profile
        }
        for secret in json["secrets"]?.arrayValue ?? [] {
            guard let lookup = secret["lookup"]?.stringValue.flatMap({ Hex.decode($0) }),
                let profileID = secret["profile"]?.intValue
            else { continue }
            contents.secrets[lookup] = ProfileBook.Contents.Entry(
                profileID: profileID, until: (secret["until"]?.intValue).map { Timestamp(microseconds: $0) })
        }
        return contents
    }

    private static func json(_ profile: PostbackProfile) -> JSON {
        var json: JSON = [
            "id": .integer(profile.id), "name": .string(profile.name), "language": .string(profile.language),
            "enabled": .bool(profile.isEnabled), "rps": .integer(Int64(profile.rateLimitRPS)),
            "dedup": .integer(Int64(profile.dedupSeconds)),
            "mappings": JSON(texts: profile.statusMappings.mapValues(\.name)),
            "policies": JSON(texts: profile.policies.mapValues(\.rawValue)),
            "routes": .array(profile.routes.map(Self.json)),
        ]
        json["user"] = profile.userID.map { .integer($0) }
        json["tracker"] = profile.trackerID.map { .integer($0) }
        json["key"] = profile.keyID.map { .integer($0) }
        json["chat"] = profile.chatID.map { .integer($0) }
        json["topic"] = profile.topicID.map { .integer($0) }
        return json
    }

    private static func profile(_ json: JSON) -> PostbackProfile? {
        guard let id = json["id"]?.intValue else { return nil }
        return PostbackProfile(
            id: id, userID: json["user"]?.intValue, name: json["name"]?.stringValue ?? "",
            trackerID: json["tracker"]?.intValue, keyID: json["key"]?.intValue, chatID: json["chat"]?.intValue,
            topicID: json["topic"]?.intValue, language: json["language"]?.stringValue ?? "ru",
            isEnabled: json["enabled"]?.boolValue ?? false, rateLimitRPS: Int(json["rps"]?.intValue ?? 27),
            dedupSeconds: Int(json["dedup"]?.intValue ?? 3600),
            statusMappings: (json["mappings"]?.texts ?? [:]).mapValues { PostbackStatus(name: $0) },
            policies: (json["policies"]?.texts ?? [:]).compactMapValues { ConversionPolicy(rawValue: $0) },
            routes: (json["routes"]?.arrayValue ?? []).compactMap(Self.route))
    }

    private static func json(_ route: PostbackRoute) -> JSON {
        let match = route.match.stored
        var json: JSON = [
            "id": .integer(route.id), "name": .string(route.name), "priority": .integer(Int64(route.priority)),
            "match": .string(match.kind), "value": .string(match.value),
            "statuses": .array(route.statuses.sorted().map { .string($0) }),
            "countries": .array(route.countries.sorted().map { .string($0) }), "chat": .integer(route.chatID),
            "continues": .bool(route.continues), "enabled": .bool(route.isEnabled),
        ]
        json["topic"] = route.topicID.map { .integer($0) }
        json["language"] = route.language.map { .string($0) }
        if let quiet = route.quiet {
            json["quiet"] = [
                "from": .integer(Int64(quiet.from)), "until": .integer(Int64(quiet.until)), "zone": .string(quiet.zone),
                "mode": .string(quiet.mode.rawValue),
            ]
        }
        return json
    }

    private static func route(_ json: JSON) -> PostbackRoute? {
        guard let id = json["id"]?.intValue, let chatID = json["chat"]?.intValue,
            let match = PostbackRoute.Match(
                kind: json["match"]?.stringValue ?? "", value: json["value"]?.stringValue ?? "")
        else { return nil }
        let quiet = json["quiet"].flatMap { json -> QuietHours? in
            guard let from = json["from"]?.intValue, let until = json["until"]?.intValue,
                let zone = json["zone"]?.stringValue
            else { return nil }
            return QuietHours(
                from: Int(from), until: Int(until), zone: zone,
                mode: json["mode"]?.stringValue.flatMap { QuietHours.Mode(rawValue: $0) } ?? .silent)
        }
        return PostbackRoute(
            id: id, name: json["name"]?.stringValue ?? "", priority: Int(json["priority"]?.intValue ?? 100),
            match: match,
            statuses: texts(json["statuses"]), countries: texts(json["countries"]), chatID: chatID,
            topicID: json["topic"]?.intValue, language: json["language"]?.stringValue, quiet: quiet,
            continues: json["continues"]?.boolValue ?? false, isEnabled: json["enabled"]?.boolValue ?? true)
    }

    private static func texts(_ json: JSON?) -> Set<String> {
        Set((json?.arrayValue ?? []).compactMap(\.stringValue))
    }
}

// swift-tools-version: 6.2
import PackageDescription

// Each floor of the house uses only the floors below it; the dependencies here are that rule, so the compiler holds it.

let settings: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
    .treatAllWarnings(as: .error),
]

func floor(_ name: String, on below: [Target.Dependency]) -> Target {
    .target(name: name, dependencies: below, swiftSettings: settings)
}

func tests(of name: String, with others: [Target.Dependency] = []) -> Target {
    .testTarget(name: "\(name)Tests", dependencies: [.byName(name: name)] + others, swiftSettings: settings)
}

let ground: [Target] = [
    .systemLibrary(name: "CLinux"),
    .systemLibrary(name: "COpenSSL"),
    .systemLibrary(name: "CPostgres"),
    .systemLibrary(name: "CCurl"),
    .systemLibrary(name: "CZlib"),
    floor("Base", on: ["CLinux", "COpenSSL"]),
    floor("Reactor", on: ["CLinux", "COpenSSL", "Base"]),
]

let platform: [Target] = [
    floor("HTTP", on: ["CLinux", "CZlib", "Base", "Reactor"]),
    floor("Postgres", on: ["CLinux", "CPostgres", "Base", "Reactor"]),
    floor("Fetch", on: ["CCurl", "CLinux", "Base", "Reactor"]),
    floor("Views", on: ["Base"]),
]

let shared: [Target] = [
    floor("Keitaro", on: ["Base", "Fetch", "Reactor"]),
    floor("Audit", on: ["Base", "HTTP", "Postgres"]),
    floor("StoredObjects", on: ["Base", "HTTP", "Postgres", "Views", "Audit"]),
    floor("Outbox", on: ["Base", "Postgres", "Reactor", "StoredObjects"]),
    floor("Frame", on: ["Base", "HTTP", "Views", "Keitaro"]),
    floor(
        "Accounts",
        on: ["Base", "Reactor", "HTTP", "Postgres", "Views", "Frame", "Keitaro", "Audit", "StoredObjects"]),
    floor("Ledger", on: ["Base", "Postgres"]),
    floor("Rollups", on: ["Base", "Reactor", "Postgres"]),
    floor("Telegram", on: ["Base", "Fetch", "Reactor", "Postgres", "Outbox"]),
    floor(
        "BotRuntime",
        on: ["Base", "Reactor", "HTTP", "Postgres", "Fetch", "Telegram", "Views", "Frame", "Accounts", "Audit"]),
    floor("Mirror", on: ["Base", "HTTP", "Postgres", "Keitaro", "StoredObjects"]),
    floor(
        "Admin", on: ["Base", "HTTP", "Postgres", "Views", "Frame", "Accounts", "Audit", "StoredObjects"]),
    floor("DataKeeping", on: ["Base", "HTTP", "Postgres", "Views", "Frame", "Accounts", "Outbox", "Audit"]),
]

let features: [Target] = [
    floor(
        "FlowEditor",
        on: [
            "Base", "HTTP", "Postgres", "Reactor", "Views", "Frame", "Keitaro", "Outbox", "Accounts", "Mirror",
            "Audit", "StoredObjects",
        ]),
    floor(
        "Postbacks",
        on: [
            "Base", "HTTP", "Postgres", "Reactor", "Views", "Frame", "Keitaro", "Outbox", "Accounts", "Mirror", "Audit",
            "StoredObjects", "Ledger", "Rollups", "Telegram", "BotRuntime", "Fetch",
        ]),
]

let top: [Target] = [
    floor("Sandbox", on: ["Base", "Reactor", "HTTP", "Fetch"]),
    .executableTarget(
        name: "Sluice",
        dependencies: [
            "Base", "CLinux", "Reactor", "HTTP", "Postgres", "Fetch", "Views", "Keitaro", "Outbox", "Frame", "Accounts",
            "Mirror", "FlowEditor", "Sandbox", "Audit", "StoredObjects", "Admin", "DataKeeping", "Postbacks",
            "Rollups", "Telegram", "BotRuntime",
        ],
        swiftSettings: settings),
]

let suites: [Target] = [
    tests(of: "Base"),
    tests(of: "Reactor", with: ["TestGround", "Base", "CLinux"]),
    tests(of: "HTTP", with: ["TestCertificate", "Base", "Reactor", "CLinux", "COpenSSL", "CZlib"]),
    // The rules that bin/fuzz holds against what it makes up, held against its corpus.
    .testTarget(
        name: "FuzzTests", dependencies: ["Base", "HTTP"], path: "Tests/Fuzz", exclude: ["corpus", "words.dict"],
        swiftSettings: settings),
    tests(
        of: "Postgres", with: ["TestGround", "TestIntake", "IntakeProcess", "Base", "Reactor", "CLinux", "CPostgres"]),
    .target(name: "TestIntake", dependencies: ["Base", "Postgres"], path: "Tests/TestIntake", swiftSettings: settings),
    .executableTarget(
        name: "IntakeProcess", dependencies: ["TestIntake", "Base", "Reactor", "Postgres"],
        path: "Tests/IntakeProcess", swiftSettings: settings),
    .executableTarget(
        name: "CommitBench", dependencies: ["Base", "Reactor", "Postgres", "HTTP"], path: "Tests/CommitBench",
        swiftSettings: settings),
    tests(of: "Fetch", with: ["TestGround", "TestCertificate", "CLinux", "Base", "Reactor", "COpenSSL"]),
    tests(of: "Views", with: ["Base"]),
    tests(of: "Keitaro", with: ["TestGround", "CLinux", "Base", "Reactor", "Fetch", "Sandbox"]),
    .target(
        name: "TestGround", dependencies: ["CLinux", "Base", "Reactor"], path: "Tests/TestGround",
        swiftSettings: settings),
    .target(name: "TestCertificate", path: "Tests/TestCertificate", swiftSettings: settings),
    .target(
        name: "TestDesk",
        dependencies: [
            "TestGround", "CPostgres", "Base", "Reactor", "HTTP", "Postgres", "Fetch", "Views", "Keitaro", "Outbox",
            "Frame", "Accounts", "Mirror", "FlowEditor", "Sandbox", "Audit", "StoredObjects", "Admin", "DataKeeping",
            "Postbacks", "BotRuntime",
        ], path: "Tests/TestDesk", swiftSettings: settings),
    tests(of: "Outbox", with: ["TestDesk", "Base", "Reactor", "Postgres"]),
    .executableTarget(
        name: "TelegramProcess", dependencies: ["Base", "Reactor", "Postgres", "Fetch", "Telegram"],
        path: "Tests/TelegramProcess", swiftSettings: settings),
    tests(
        of: "Telegram",
        with: [
            "TelegramProcess", "TestDesk", "TestGround", "Base", "Reactor", "Postgres", "Fetch", "Sandbox",
            "BotRuntime", "Views", "Audit", "Accounts",
        ]),
    tests(
        of: "FlowEditor",
        with: [
            "TestDesk", "Base", "HTTP", "Views", "Frame", "Accounts", "Keitaro", "Fetch", "Postgres", "Sandbox",
        ]),
    .executableTarget(
        name: "PostbackProcess", dependencies: ["Base", "Reactor", "Postgres", "Postbacks"],
        path: "Tests/PostbackProcess", swiftSettings: settings),
    .testTarget(
        name: "PostbackIntakeTests",
        dependencies: [
            "Postbacks", "PostbackProcess", "TestDesk", "TestGround", "Base", "Reactor", "HTTP", "Postgres", "Ledger",
            "Rollups", "Telegram",
        ], swiftSettings: settings),
    tests(of: "Sandbox", with: ["Base"]),
    .testTarget(
        name: "PostbackTrackerTests",
        dependencies: [
            "Postbacks", "TestDesk", "Base", "Reactor", "Postgres", "Fetch", "Keitaro", "Accounts",
            "Outbox", "Sandbox", "Audit",
        ], swiftSettings: settings),
    tests(
        of: "Postbacks",
        with: [
            "TestDesk", "TestGround", "Base", "HTTP", "Views", "Frame", "Fetch", "Postgres", "Reactor", "Accounts",
            "Telegram", "Audit", "BotRuntime", "Sandbox",
        ]),
    tests(of: "Frame", with: ["TestDesk", "Base", "HTTP", "Views", "Keitaro", "Fetch"]),
    tests(
        of: "Accounts",
        with: [
            "TestDesk", "TestGround", "Base", "Reactor", "HTTP", "Postgres", "Keitaro", "Fetch", "Sandbox",
            "StoredObjects",
        ]),
    tests(
        of: "Admin",
        with: ["TestDesk", "Base", "HTTP", "Postgres", "Fetch", "Sandbox", "Accounts", "StoredObjects", "Views"]),
    tests(
        of: "DataKeeping",
        with: ["TestDesk", "Base", "Postgres", "Reactor", "Outbox", "Accounts", "Fetch", "HTTP", "Audit"]),
    tests(
        of: "Mirror", with: ["TestDesk", "Base", "Reactor", "Postgres", "Keitaro", "Fetch", "Sandbox"]),
    tests(
        of: "Sluice",
        with: [
            "TestDesk", "TestGround", "TestCertificate", "Base", "Reactor", "Postgres", "Fetch", "Accounts",
            "Postbacks", "Sandbox",
        ]),
    .testTarget(
        name: "BrowserTests", dependencies: ["Sluice", "TestGround", "CLinux", "Base", "Fetch", "Reactor"],
        swiftSettings: settings),
]

// bin/test compiles under the sanitizers what it then runs.
let platformSuites: Set = [
    "ReactorTests", "HTTPTests", "FuzzTests", "FetchTests", "PostgresTests", "OutboxTests", "AccountsTests",
]
let chosenSuites = suites.filter { suite in
    Context.environment["SLUICE_SUITES"] != "platform" || suite.type != .test || platformSuites.contains(suite.name)
}

let package = Package(
    name: "Sluice",
    targets: ground + platform + shared + features + top + chosenSuites,
    swiftLanguageModes: [.v6]
)

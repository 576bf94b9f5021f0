// swift-tools-version: 6.2
import PackageDescription

let argumentParser = Target.Dependency.product(name: "ArgumentParser", package: "swift-argument-parser")
let crypto = Target.Dependency.product(name: "Crypto", package: "swift-crypto")
let grdb = Target.Dependency.product(name: "GRDB", package: "GRDB.swift")
let httpTypes = Target.Dependency.product(name: "HTTPTypes", package: "swift-http-types")
let hummingbird = Target.Dependency.product(name: "Hummingbird", package: "hummingbird")
let hummingbirdCore = Target.Dependency.product(name: "HummingbirdCore", package: "hummingbird")
let hummingbirdTLS = Target.Dependency.product(name: "HummingbirdTLS", package: "hummingbird")
let logging = Target.Dependency.product(name: "Logging", package: "swift-log")
let nioCore = Target.Dependency.product(name: "NIOCore", package: "swift-nio")
let nioHTTP1 = Target.Dependency.product(name: "NIOHTTP1", package: "swift-nio")
let nioPosix = Target.Dependency.product(name: "NIOPosix", package: "swift-nio")
let nioTLS = Target.Dependency.product(name: "NIOTLS", package: "swift-nio")
let nioSSL = Target.Dependency.product(name: "NIOSSL", package: "swift-nio-ssl")
let subprocess = Target.Dependency.product(name: "Subprocess", package: "swift-subprocess")
let serviceLifecycle = Target.Dependency.product(
    name: "ServiceLifecycle", package: "swift-service-lifecycle")
let unixSignals = Target.Dependency.product(name: "UnixSignals", package: "swift-service-lifecycle")
let systemPackage = Target.Dependency.product(name: "SystemPackage", package: "swift-system")
let yams = Target.Dependency.product(name: "Yams", package: "Yams")

let package = Package(
    name: "agent",
    products: [
        .executable(name: "agent", targets: ["agent"]),
        // Preloaded into the program by the tests of faults.
        .library(name: "Faults", type: .dynamic, targets: ["Faults"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", exact: "1.8.2"),
        .package(url: "https://github.com/apple/swift-crypto", exact: "4.5.2"),
        .package(url: "https://github.com/apple/swift-http-types", exact: "1.8.0", traits: []),
        .package(url: "https://github.com/apple/swift-log", exact: "1.16.2"),
        .package(url: "https://github.com/apple/swift-nio", exact: "2.101.2"),
        .package(url: "https://github.com/apple/swift-nio-ssl", exact: "2.37.6"),
        .package(url: "https://github.com/apple/swift-system", exact: "1.8.1"),
        .package(url: "https://github.com/groue/GRDB.swift", exact: "7.10.0"),
        .package(url: "https://github.com/hummingbird-project/hummingbird", exact: "2.28.1", traits: []),
        .package(url: "https://github.com/jpsim/Yams", exact: "6.2.2"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", exact: "2.13.0"),
        .package(url: "https://github.com/swiftlang/swift-subprocess", exact: "1.0.2", traits: []),
    ],
    targets: [
        .target(name: "MailModel"),
        .target(name: "Content", dependencies: ["MailModel", crypto]),
        .target(name: "PolicyLoading", dependencies: ["MailModel", yams]),
        .target(name: "Postfix", dependencies: ["MailModel"]),
        .target(name: "Qmail", dependencies: ["MailModel"]),
        .target(name: "RelayAnalysis", dependencies: ["MailModel", "Postfix"]),
        .target(name: "QueueAnalysis", dependencies: ["MailModel"]),
        .target(name: "HostIO", dependencies: ["MailModel", "Content", subprocess, systemPackage]),
        .target(
            name: "Observation", dependencies: ["MailModel", "Content", "Postfix", "Qmail", "HostIO"]),
        .target(name: "Planning", dependencies: ["MailModel", "Content", "Qmail", "RelayAnalysis"]),
        .target(name: "Recording", dependencies: ["MailModel", "Content", grdb]),
        .target(name: "Execution", dependencies: ["MailModel", "Content", "HostIO", "Recording"]),
        .target(name: "SMTPCore", dependencies: ["MailModel"]),
        .target(
            name: "Probing",
            dependencies: ["MailModel", "SMTPCore", nioCore, nioHTTP1, nioPosix, nioSSL, nioTLS]),
        .target(name: "Vantages", dependencies: ["MailModel", "Content", "HostIO", "SMTPCore", "Probing"]),
        .target(
            name: "Serving",
            dependencies: [
                "MailModel", "Content", "Probing", "Vantages", httpTypes, hummingbird, hummingbirdCore,
                hummingbirdTLS, logging, nioCore, nioSSL, serviceLifecycle, unixSignals,
            ]),
        .target(name: "Reporting", dependencies: ["MailModel", "Content"]),
        .target(
            name: "AgentCommands",
            dependencies: [
                "MailModel", "Content", "PolicyLoading", "HostIO", "Observation", "Planning",
                "Postfix", "Qmail", "QueueAnalysis", "RelayAnalysis", "Recording", "Execution", "Probing",
                "Vantages", "Serving", "Reporting",
                argumentParser, unixSignals,
            ]),
        .executableTarget(name: "agent", dependencies: ["AgentCommands"]),

        // What tests of several modules start from.
        .target(name: "Fixtures", path: "Tests/Fixtures", exclude: ["postfix-3.7.11-queue"]),
        .testTarget(name: "MailModelTests", dependencies: ["MailModel", "Fixtures"]),
        .testTarget(name: "ContentTests", dependencies: ["Content", "Fixtures"]),
        .testTarget(name: "PolicyLoadingTests", dependencies: ["PolicyLoading", "MailModel", "Fixtures"]),
        .testTarget(name: "PostfixTests", dependencies: ["Postfix", "MailModel", "Fixtures"]),
        .testTarget(name: "QmailTests", dependencies: ["Qmail", "MailModel", "Fixtures"]),
        .testTarget(
            name: "RelayAnalysisTests", dependencies: ["RelayAnalysis", "Postfix", "MailModel", "Fixtures"]),
        .testTarget(
            name: "QueueAnalysisTests", dependencies: ["QueueAnalysis", "Postfix", "MailModel"]),
        .testTarget(name: "HostIOTests", dependencies: ["HostIO", "MailModel", "Fixtures", "Content"]),
        .testTarget(
            name: "ObservationTests",
            dependencies: ["Observation", "HostIO", "Postfix", "Qmail", "MailModel", "Fixtures"]),
        .testTarget(name: "PlanningTests", dependencies: ["Planning", "MailModel"]),
        .testTarget(name: "RecordingTests", dependencies: ["Recording", "Content", "MailModel", "Fixtures"]),
        .testTarget(
            name: "ExecutionTests",
            dependencies: ["Execution", "HostIO", "Recording", "Content", "MailModel"]),
        .testTarget(name: "SMTPCoreTests", dependencies: ["SMTPCore", "MailModel", "Fixtures"]),
        .testTarget(
            name: "ProbingTests",
            dependencies: ["Probing", "SMTPCore", "MailModel", "Fixtures", nioCore, nioPosix, nioSSL]),
        .testTarget(
            name: "VantagesTests",
            dependencies: ["Vantages", "Probing", "SMTPCore", "HostIO", "MailModel", "Fixtures"]),
        .testTarget(
            name: "ServingTests",
            dependencies: [
                "Serving", "Vantages", "Probing", "HostIO", "MailModel", "Fixtures", nioCore, nioPosix,
                nioSSL,
            ]),
        .testTarget(name: "ReportingTests", dependencies: ["Reporting", "MailModel"]),
        .testTarget(name: "AgentCommandsTests", dependencies: ["AgentCommands", argumentParser]),
        .testTarget(name: "IntegrationTests"),
        .target(name: "Faults", path: "Tests/Faults"),
        .executableTarget(
            name: "safety-cost", dependencies: ["Execution", "HostIO", "MailModel", "Recording"],
            path: "Benchmarks/SafetyCost"),
    ]
)

for target in package.targets {
    target.swiftSettings = [
        .swiftLanguageMode(.v6),
        .enableUpcomingFeature("ExistentialAny"),
        .enableUpcomingFeature("InternalImportsByDefault"),
        .enableUpcomingFeature("MemberImportVisibility"),
        .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
        .treatAllWarnings(as: .error),
    ]
}

// swift-tools-version: 6.2
import PackageDescription

// One array for every target, so that no module is checked less than another.
let settings: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .strictMemorySafety(),
    .treatAllWarnings(as: .error),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
    .enableUpcomingFeature("InferIsolatedConformances"),
]

let logging: Target.Dependency = .product(name: "Logging", package: "swift-log")

func module(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
    .target(name: name, dependencies: dependencies, swiftSettings: settings)
}

func suite(_ name: String, _ dependencies: [Target.Dependency], resources: [Resource] = []) -> Target {
    .testTarget(name: name, dependencies: dependencies, resources: resources, swiftSettings: settings)
}

let commit: [CSetting] =
    Context.gitInformation.map { git in
        [.define("LORA_OPERATOR_COMMIT", to: "\"\(git.currentCommit.prefix(12))\"")]
    } ?? []

let package = Package(
    name: "lora-operator",
    products: [
        .executable(name: "lora-operator", targets: ["LoRAOperator"])
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
        .package(url: "https://github.com/apple/swift-system", from: "1.8.1"),
        .package(url: "https://github.com/swiftlang/swift-subprocess", from: "1.0.2", traits: []),
    ],
    targets: [
        // JSON as a value, where no type says what it is.
        module("DynamicJSON"),

        // YAML by libyaml, which is linked into the binary: Debian's images do not have it.
        .systemLibrary(name: "CYAML", providers: [.apt(["libyaml-dev"])]),
        module("YAML", ["CYAML", "DynamicJSON"]),

        // The outside world: HTTP, time and randomness, and the libcurl that makes the first one real.
        .systemLibrary(name: "CCurl", pkgConfig: "libcurl", providers: [.apt(["libcurl4-openssl-dev"])]),
        module("Effects"),
        module("CurlHTTP", ["CCurl", "Effects"]),

        // Clients and the runtime that keeps caches and queues.
        module("KubeAPI", ["DynamicJSON", "Effects", "YAML"]),
        module("KubeRuntime", ["DynamicJSON", "Effects", "KubeAPI", logging]),
        module("VLLMAPI", ["DynamicJSON", "Effects"]),

        // What to do (pure), and the part that does it.
        module("AdapterPlanning"),
        module(
            "AdapterController",
            ["AdapterPlanning", "Effects", "KubeAPI", "KubeRuntime", "Metrics", "VLLMAPI", logging]),

        // What is counted, as Prometheus reads it.
        module("Metrics", ["Effects"]),

        // What is in an adapter's directory.
        module("AdapterFiles", ["DynamicJSON"]),

        // Models of both servers, and the HTTP server that gives them a face.
        module(
            "HTTPServer",
            [
                "Effects", logging,
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
            ]),
        module("KubeSimulator", ["DynamicJSON", "Effects", "YAML"]),
        module("VLLMSimulator", ["DynamicJSON", "Effects", "HTTPServer", logging]),

        // The whole operator on one thread and virtual time, driven by a seed.
        module(
            "OperatorSimulation",
            [
                "AdapterController", "AdapterPlanning", "DynamicJSON", "Effects", "KubeAPI", "KubeRuntime",
                "KubeSimulator",
                "VLLMSimulator", logging,
            ]),
        .executableTarget(
            name: "simulate-operator", dependencies: ["OperatorSimulation"], swiftSettings: settings),

        // Measures the operator's own process on simulated fleets.
        .executableTarget(
            name: "bench-fleet",
            dependencies: [
                "CurlHTTP", "DynamicJSON", "Effects", "HTTPServer", "KubeSimulator", "VLLMSimulator", logging,
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            path: "Benchmarks/Fleet", swiftSettings: settings),

        // Measures the parts that it spends its time in.
        .executableTarget(
            name: "bench-parts",
            dependencies: [
                "AdapterController", "AdapterPlanning", "CMalloc", "CurlHTTP", "DynamicJSON", "Effects", "KubeAPI",
                "KubeRuntime", "VLLMAPI",
            ],
            path: "Benchmarks/Parts", swiftSettings: settings),

        // C is what a value can be handed to from here.
        .target(name: "CBuildInfo", cSettings: commit),
        // glibc's allocator, which the Glibc module leaves out.
        .systemLibrary(name: "CMalloc"),
        .executableTarget(
            name: "LoRAOperator",
            dependencies: [
                "AdapterController", "AdapterFiles", "AdapterPlanning", "CBuildInfo", "CMalloc", "CurlHTTP",
                "DynamicJSON",
                "Effects", "HTTPServer",
                "KubeAPI",
                "KubeRuntime", "KubeSimulator", "Metrics", "VLLMSimulator", "YAML", logging,
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "Subprocess", package: "swift-subprocess"),
                .product(name: "SystemPackage", package: "swift-system"),
                .product(name: "UnixSignals", package: "swift-service-lifecycle"),
            ],
            // A link to crds/: `local` brings its own API server, and that one its own CRD.
            resources: [.embedInCode("Resources")],
            swiftSettings: settings,
            // This linker has a short form of relocations, 2 MiB less to read and hold; glibc knows it since 2.36.
            // Nobody looks for symbols in the binary: their names would be another 1.5 MiB.
            linkerSettings: [
                .unsafeFlags([
                    "-use-ld=lld", "-Xlinker", "-z", "-Xlinker", "pack-relative-relocs", "-Xlinker",
                    "--no-export-dynamic",
                ])
            ]),

        // `Tests/Fixtures` holds recordings of real servers; TestSupport reads them.
        .target(
            name: "TestSupport", dependencies: ["Effects", "CurlHTTP"], path: "Tests/TestSupport",
            swiftSettings: settings),
        suite("DynamicJSONTests", ["DynamicJSON"]),
        suite("YAMLTests", ["YAML", "DynamicJSON"]),
        suite("CurlHTTPTests", ["CurlHTTP", "Effects", "HTTPServer", "TestSupport", logging]),
        suite("KubeAPITests", ["KubeAPI", "DynamicJSON", "Effects", "TestSupport", "YAML"]),
        suite("KubeRuntimeTests", ["KubeRuntime", "DynamicJSON", "Effects", "KubeAPI", "TestSupport", logging]),
        suite("VLLMAPITests", ["VLLMAPI", "VLLMSimulator", "CurlHTTP", "Effects", "TestSupport", logging]),
        suite("MetricsTests", ["Metrics"]),
        suite("AdapterFilesTests", ["AdapterFiles", "DynamicJSON"]),
        suite("AdapterPlanningTests", ["AdapterPlanning", "TestSupport"]),
        suite(
            "AdapterControllerTests",
            ["AdapterController", "AdapterPlanning", "Effects", "KubeAPI", "VLLMAPI", "TestSupport", logging]),
        suite(
            "KubeSimulatorTests",
            [
                "KubeSimulator", "HTTPServer", "CurlHTTP", "DynamicJSON", "KubeAPI", "Effects", "TestSupport", logging,
            ]),
        suite(
            "VLLMSimulatorTests",
            ["VLLMSimulator", "HTTPServer", "CurlHTTP", "DynamicJSON", "Effects", "TestSupport", logging]),
        suite(
            "OperatorSimulationTests",
            [
                "OperatorSimulation", "AdapterController", "DynamicJSON", "Effects", "KubeSimulator", "VLLMSimulator",
                "TestSupport",
            ]),
        suite(
            "LoRAOperatorTests",
            [
                "LoRAOperator", "AdapterController", "AdapterPlanning", "CurlHTTP", "DynamicJSON", "Effects",
                "HTTPServer", "KubeAPI", "KubeRuntime", "KubeSimulator", "VLLMAPI", "VLLMSimulator", "TestSupport",
                logging,
            ]),
    ]
)

// libFuzzer's main is not for everybody's builds: scripts/fuzz.sh asks for this.
if Context.environment["LORA_OPERATOR_FUZZ"] != nil {
    package.targets += [
        .target(name: "CLibFuzzer", path: "Tests/Fuzz/CLibFuzzer"),
        .executableTarget(
            name: "fuzz-decoding",
            dependencies: ["AdapterFiles", "CLibFuzzer", "DynamicJSON", "Effects", "KubeAPI", "VLLMAPI"],
            path: "Tests/Fuzz/Decoding", swiftSettings: settings),
    ]
}

import AdapterController
import AdapterPlanning
import ArgumentParser
import Effects

/// Reads what ArgumentParser does not: booleans with `=true` and `=false`, as every Kubernetes component takes them.
enum Flags {
    static let booleans: Set<String> = [
        "--leader-elect", "--allow-hub-ids", "--allow-host-network", "--require-secret-label",
    ]

    static func normalized(_ arguments: [String]) -> [String] {
        arguments.flatMap { argument -> [String] in
            guard let equals = argument.firstIndex(of: "="), booleans.contains(String(argument[..<equals])) else {
                return [argument]
            }
            switch argument[argument.index(after: equals)...] {
            case "true": return [String(argument[..<equals])]
            case "false": return []
            // Left as it is, so that the parser refuses it.
            default: return [argument]
            }
        }
    }

    /// A duration flag like `30s`.
    static func duration(_ text: String) throws -> Duration {
        guard let duration = GEPDuration.parse(text), duration > .zero else {
            throw ValidationError("'\(text)' is not a duration; write one like 30s, 5m or 1h")
        }
        return duration
    }

    /// The same, or `0`.
    static func durationOrOff(_ text: String) throws -> Duration { text == "0" ? .zero : try duration(text) }

    static func range(_ text: String) throws -> CIDR {
        guard let range = CIDR(text) else {
            throw ValidationError("'\(text)' is not a range of addresses; write one like 10.0.0.0/8")
        }
        return range
    }
}

/// Flags that `run` and `local` share.
struct OperatorFlags: ParsableArguments {
    @Option(help: "Time between two looks at a server at rest.", transform: Flags.duration)
    var probeInterval: Duration = .seconds(30)

    @Option(help: "Loads and unloads in flight in all; never more than one a server.")
    var maxConcurrentLoads = 64

    @Option(help: "Warn where a server has more adapters than this; 0 turns it off.")
    var maxAdaptersPerServer = 0

    @Option(help: "Accept only adapter paths under this one (repeatable; default any absolute path).")
    var allowedPathPrefix: [String] = []

    @Option(
        help: """
            Where adapters can be seen from here, to check them before they are loaded: /adapters, or /adapters=/mnt/x \
            where servers see them elsewhere.
            """)
    var adapterRoot: String?

    @Flag(help: "Accept Hugging Face ids like org/name as adapter paths.")
    var allowHubIds = false

    @OptionGroup var log: LogFlags

    func validate() throws {
        guard maxConcurrentLoads >= 1 else { throw ValidationError("--max-concurrent-loads must be at least 1") }
        guard maxAdaptersPerServer >= 0 else {
            throw ValidationError("--max-adapters-per-server must be at least 1, or 0 to turn it off")
        }
        for prefix in allowedPathPrefix where !prefix.hasPrefix("/") {
            throw ValidationError("--allowed-path-prefix '\(prefix)' must be an absolute path, like /adapters")
        }
        if let adapterRoot, AdapterRoot(adapterRoot) == nil {
            throw ValidationError("--adapter-root '\(adapterRoot)' must be an absolute path, like /adapters")
        }
    }

    var options: OperatorOptions {
        var options = OperatorOptions()
        if let root = adapterRoot.flatMap(AdapterRoot.init) { options.checkFiles = { await root.problem(at: $0) } }
        options.probeInterval = probeInterval
        options.maxConcurrentLoads = maxConcurrentLoads
        options.maxAdaptersPerServer = maxAdaptersPerServer > 0 ? maxAdaptersPerServer : nil
        options.paths = PathPolicy(allowedPrefixes: allowedPathPrefix, allowsHubIDs: allowHubIds)
        return options
    }
}

import FoundationEssentials
import Glibc
import OperatorSimulation

func report(_ text: String) { _ = unsafe write(STDERR_FILENO, text, text.utf8.count) }

func complain(_ message: String) -> Never {
    report("simulate-operator: \(message)\n")
    exit(2)
}

// Swift seeds every Dictionary with a random number unless this variable is there when the process starts.
if ProcessInfo.processInfo.environment["SWIFT_DETERMINISTIC_HASHING"] != "1" {
    unsafe setenv("SWIFT_DETERMINISTIC_HASHING", "1", 1)
    unsafe execv("/proc/self/exe", CommandLine.unsafeArgv)
    complain("cannot start itself with SWIFT_DETERMINISTIC_HASHING=1; set the variable and try again")
}

/// The definitions of the checkout that this was built from.
func definitions() -> [String] {
    let root = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../crds")
    return ["loraadapters.yaml", "servedmodels.yaml"].map { name in
        let file = root.appending(path: name).standardized.path()
        guard let data = FileManager.default.contents(atPath: file) else { complain("cannot read \(file)") }
        return String(decoding: data, as: UTF8.self)
    }
}

let scenarios: [any Scenario] = [
    OperatorScenario.standard(definitions: definitions()), OutageScenario.standard(definitions: definitions()),
    CacheScenario(), NetworkScenario(), StoryScenario.standard(definitions: definitions()),
]
let options: SimulateOptions
do {
    options = try SimulateOptions(Array(CommandLine.arguments.dropFirst()), scenarios: scenarios.map(\.name))
} catch {
    complain(error.message)
}
if options.wantsHelp {
    print(SimulateOptions.usage)
    exit(0)
}
guard let scenario = scenarios.first(where: { $0.name == options.scenario }) else { exit(2) }

let isTerminal = isatty(STDERR_FILENO) == 1
let started = ContinuousClock.now
let processes =
    options.isTraced || options.seeds == 1
    ? 1 : max(1, options.processes ?? ProcessInfo.processInfo.activeProcessorCount)
let summary =
    if processes > 1 {
        runShards(options, processes: processes) { runs in if isTerminal { report("\r\(runs) runs") } }
    } else {
        SeedCampaign(
            options, scenario: scenario, executable: CommandLine.arguments.first ?? "simulate-operator",
            print: { print($0) },
            progress: { seed, runs in
                guard isTerminal, runs % 10 == 0 else { return }
                report("\rseed \(seed), \(runs) runs")
            }
        ).run()
    }
if options.tallies {
    print(summary.tally)
    exit(summary.failures == 0 ? 0 : 1)
}
let seconds = (ContinuousClock.now - started) / Duration.seconds(1)
if isTerminal { report("\r\u{1b}[K") }
print(
    """
    \(summary.runs) runs, \(summary.crashes) of them killed at an effect, \(summary.failures) failed; \(Int(seconds.rounded(.up))) s, \
    \(Int(Double(summary.runs) / seconds)) runs/s, \(Int(Double(summary.steps) / seconds)) steps/s, \
    \(Int(summary.virtualTime / Duration.seconds(3_600))) hours simulated
    """)
exit(summary.failures == 0 ? 0 : 1)

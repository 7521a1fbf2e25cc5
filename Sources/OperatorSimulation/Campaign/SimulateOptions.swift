/// What `simulate-operator` was asked to do.
package struct SimulateOptions: Hashable, Sendable {
    /// A command line that cannot be understood; `message` says what to write instead.
    package struct Mistake: Error, Hashable, Sendable {
        package let message: String

        package init(message: String) { self.message = message }
    }

    /// Which effects the operator is killed at.
    package enum Crashes: Hashable, Sendable {
        case none
        case at(CrashPoint)
        /// Before and after each effect, one run each.
        case all
    }

    package static let usage = """
        usage: simulate-operator [--scenario NAME] [--seeds N] [--first S] [--crash all|E:before|E:after] [--keep-going]
                                [--processes N]
               simulate-operator [--scenario NAME] --seed S [--crash E:before|E:after] [--trace]
        """

    package var scenario: String
    package var seeds: UInt64 = 100
    package var first: UInt64 = 0
    package var crashes = Crashes.none
    package var isTraced = false
    /// Goes on after a seed that failed.
    package var keepsGoing = false
    package var wantsHelp = false
    /// Processes to run seeds in, one for each processor where nothing is said.
    package var processes: Int?
    /// Ends the output with a line for the process that started this one.
    package var tallies = false

    /// Reads a command line; the first of `scenarios` is the default.
    ///
    /// - Throws: ``Mistake``.
    package init(_ arguments: [String], scenarios: [String]) throws(Mistake) {
        scenario = scenarios.first ?? ""
        var rest = arguments[...]
        var seed: UInt64?
        while let flag = rest.popFirst() {
            switch flag {
            case "--seeds": seeds = try Self.number(after: flag, &rest)
            case "--first": first = try Self.number(after: flag, &rest)
            case "--seed": seed = try Self.number(after: flag, &rest)
            case "--scenario":
                scenario = try Self.value(after: flag, &rest)
                guard scenarios.contains(scenario) else {
                    throw Mistake(message: "no scenario \(scenario); there are: \(scenarios.joined(separator: ", "))")
                }
            case "--crash": crashes = try Self.crashes(try Self.value(after: flag, &rest))
            case "--processes": processes = Int(clamping: try Self.number(after: flag, &rest))
            case "--tally": tallies = true
            case "--trace": isTraced = true
            case "--keep-going": keepsGoing = true
            case "--help", "-h": wantsHelp = true
            default: throw Mistake(message: "unknown argument \(flag); simulate-operator --help lists all")
            }
        }
        if let seed { (first, seeds) = (seed, 1) }
        if isTraced, seed == nil { throw Mistake(message: "--trace needs one seed: --seed S --trace") }
        if first.addingReportingOverflow(seeds).overflow { throw Mistake(message: "--first plus --seeds is too large") }
    }

    private static func value(after flag: String, _ rest: inout ArraySlice<String>) throws(Mistake) -> String {
        guard let value = rest.popFirst() else { throw Mistake(message: "\(flag) needs a value") }
        return value
    }

    private static func number(after flag: String, _ rest: inout ArraySlice<String>) throws(Mistake) -> UInt64 {
        let text = try value(after: flag, &rest)
        guard let number = UInt64(text) else { throw Mistake(message: "\(flag) needs a whole number, not \(text)") }
        return number
    }

    private static func crashes(_ text: String) throws(Mistake) -> Crashes {
        if text == "all" { return .all }
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count == 2, let effect = Int(parts[0]), effect > 0, parts[1] == "before" || parts[1] == "after"
        else { throw Mistake(message: "--crash needs all, 12:before or 12:after, not \(text)") }
        return .at(CrashPoint(effect: effect, isAfter: parts[1] == "after"))
    }
}

import AdapterFiles
import ArgumentParser
import DynamicJSON

/// Checks adapters on disk before any server is asked to load them.
struct ValidateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "validate",
        abstract:
            "Checks adapter directories, or resolver cache directories, the way vLLM would and where it would not.",
        discussion: "Prints what is wrong and exits with 1; prints nothing where all adapters are sound.")

    enum Output: String, ExpressibleByArgument, CaseIterable { case table, json }

    @Argument(help: "Adapter directories, or directories that hold some.")
    var directory: [String]

    @Option(help: "--max-lora-rank of the servers.")
    var maxLoraRank: Int?

    @Option(help: "Name or directory of the base model; with its files at hand modules and shapes are compared, too.")
    var baseModel: String?

    @Option(name: .shortAndLong, help: "table or json.")
    var output = Output.table

    func validate() throws {
        if directory.isEmpty { throw ValidationError("name a directory: lora-operator validate /adapters") }
        if let maxLoraRank, maxLoraRank < 1 { throw ValidationError("--max-lora-rank must be at least 1") }
    }

    func run() async throws {
        var results: [AdapterCheck.Result] = []
        for directory in directory {
            let base = baseModel.map { BaseModel($0, beside: AbsolutePath.of(directory)) }
            results += AdapterCheck(maxRank: maxLoraRank, baseModel: base).check(directory)
        }
        switch output {
        case .json: print(json(results))
        case .table: if let table = table(results) { print(table) }
        }
        if results.contains(where: { !$0.faults.isEmpty }) { throw ExitCode(1) }
    }

    private func json(_ results: [AdapterCheck.Result]) -> String {
        JSONValue.array(
            results.map { result in
                [
                    "path": .string(result.path), "valid": .bool(result.faults.isEmpty),
                    "faults": .array(
                        result.faults.map {
                            ["reason": .string($0.reason.rawValue), "message": .string($0.message)]
                        }),
                ]
            }
        ).text
    }

    /// One line for each fault; nil where there is none.
    private func table(_ results: [AdapterCheck.Result]) -> String? {
        let rows = results.flatMap { result in
            result.faults.map { [result.path.plain(), $0.reason.rawValue, $0.message.plain()] }
        }
        guard !rows.isEmpty else { return nil }
        return TextTable(["ADAPTER", "REASON", "WHAT IS WRONG"], rows).text
    }
}

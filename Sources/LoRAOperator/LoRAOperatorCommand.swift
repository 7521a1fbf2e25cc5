import ArgumentParser

/// `lora-operator`: every LoRA adapter on every vLLM server that should have it.
struct LoRAOperatorCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "lora-operator",
        abstract: "Keeps LoRA adapters loaded on every vLLM server that should have them.",
        version: Build.summary,
        subcommands: [
            RunCommand.self, LocalCommand.self, SimulateCommand.self, ValidateCommand.self, StatusCommand.self,
            ConvertCommand.self, VersionCommand.self,
        ],
        defaultSubcommand: RunCommand.self)
}

struct VersionCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "version", abstract: "Prints version, commit and libcurl's version.")

    func run() async throws { print(Build.summary) }
}

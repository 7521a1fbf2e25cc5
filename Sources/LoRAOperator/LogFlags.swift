import ArgumentParser
import Logging

extension Logger.Level: ExpressibleByArgument {}

struct LogFlags: ParsableArguments {
    enum Format: String, ExpressibleByArgument, CaseIterable { case text, json }

    @Option(help: "trace, debug, info, notice, warning, error or critical.")
    var logLevel: Logger.Level = .info

    @Option(help: "text or json.")
    var logFormat: Format = .text

    func makeLogger() -> Logger {
        Logger(label: "lora-operator") { _ in LineLogHandler(logLevel: logLevel, format: logFormat) }
    }
}

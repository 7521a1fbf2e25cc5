import ArgumentParser
import Logging

struct LogFlags: ParsableArguments {
    enum Format: String, ExpressibleByArgument, CaseIterable { case text, json }

    @Option(help: "trace, debug, info, notice, warning, error or critical.", transform: LogFlags.level)
    var logLevel: Logger.Level = .info

    @Option(help: "text or json.")
    var logFormat: Format = .text

    func makeLogger() -> Logger {
        Logger(label: "lora-operator") { _ in LineLogHandler(logLevel: logLevel, format: logFormat) }
    }

    private static func level(_ text: String) throws -> Logger.Level {
        guard let level = Logger.Level(rawValue: text) else {
            let levels = Logger.Level.allCases.map(\.rawValue).joined(separator: ", ")
            throw ValidationError("--log-level '\(text)' is not one of \(levels)")
        }
        return level
    }
}

import CurlHTTP
import Effects
import KubeAPI
import Logging

/// Writes one line for each record to standard error, as text or JSON; whatever a value holds, it stays one line.
struct LineLogHandler: LogHandler {
    var logLevel: Logger.Level
    var metadata: Logger.Metadata = [:]
    let format: LogFlags.Format
    private let time = SystemTime()

    /// Longer values are cut.
    static let valueLimit = 1024

    init(logLevel: Logger.Level, format: LogFlags.Format) {
        self.logLevel = logLevel
        self.format = format
    }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        let fields = metadata.merging(event.metadata ?? [:]) { _, new in new }.sorted { $0.key < $1.key }
            .map { ($0.key, String("\($0.value)".prefix(Self.valueLimit))) }
        let timestamp = Timestamp.seconds(time.unixTime)
        switch format {
        case .text:
            let rest = fields.map { " \($0.0)=\(Self.text($0.1))" }.joined()
            let message = "\(event.message)".plain(" ")
            StandardError.write("\(timestamp) \(event.level) \(message)\(rest)\n")
        case .json:
            let head = [("time", timestamp), ("level", "\(event.level)"), ("message", "\(event.message)")]
            let body = (head + fields).map { "\(Self.quoted($0.0)):\(Self.quoted($0.1))" }.joined(separator: ",")
            StandardError.write("{\(body)}\n")
        }
    }

    /// A value as it is where it is one plain word, else quoted.
    private static func text(_ value: String) -> String {
        let isWord =
            !value.isEmpty && value.unicodeScalars.allSatisfy { $0.isPlain && $0 != " " && $0 != "\"" && $0 != "=" }
        return isWord ? value : quoted(value)
    }

    /// A JSON string in which nothing can end the line or steer a terminal.
    static func quoted(_ text: String) -> String {
        var result = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": result += "\\\""
            case "\\": result += "\\\\"
            case "\n": result += "\\n"
            case _ where scalar.isPlain: result.unicodeScalars.append(scalar)
            default:
                for unit in String(scalar).utf16 {
                    let digits = String(unit, radix: 16)
                    result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
                }
            }
        }
        return result + "\""
    }
}

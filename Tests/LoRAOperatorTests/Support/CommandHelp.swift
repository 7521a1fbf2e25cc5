import Testing

/// What the built binary says of its own command line.
enum CommandHelp {
    /// The flags of a subcommand, `--namespace`.
    static func flags(of subcommand: String) async throws -> Set<String> {
        let (code, lines) = try await OperatorProcess.result("help", subcommand)
        try #require(code == 0, "no help for \(subcommand): \(lines)")
        return Set(lines.joined(separator: "\n").matches(of: /--[a-z][-a-z0-9]*/).map { String($0.output) })
    }

    /// The subcommands that the binary lists.
    static func listed() async throws -> [String] {
        let (_, lines) = try await OperatorProcess.result("--help")
        return lines.drop { $0 != "SUBCOMMANDS:" }.compactMap { line in
            line.hasPrefix("  ") && !line.hasPrefix("   ")
                ? line.split(separator: " ").first.map(String.init) : nil
        }.filter { $0 != "See" }
    }
}

import Foundation
import Testing

/// The built binary.
enum OperatorProcess {
    /// `lora-operator`, which the package builds beside its tests.
    static let path: String? = {
        let arguments = CommandLine.arguments
        var places = [arguments.first, try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")]
        if let flag = arguments.firstIndex(of: "--test-bundle-path"), arguments.indices.contains(flag + 1) {
            places.append(arguments[flag + 1])
        }
        var directories = places.compactMap(\.self).map { URL(filePath: $0).deletingLastPathComponent() }
        directories += directories.map { $0.deletingLastPathComponent() }
        return directories.map { $0.appending(path: "lora-operator").path(percentEncoded: false) }
            .first { FileManager.default.isExecutableFile(atPath: $0) }
    }()

    /// Runs `body` beside a process that is ended afterwards, in a directory of its own which is also its home.
    static func run(
        _ arguments: [String], environment: [String: String] = [:], in directory: String,
        _ body: (ServerProcess) async throws -> Void
    ) async throws {
        let path = try #require(path, "lora-operator is not beside the tests")
        let process = try ServerProcess(
            path, log: "\(directory)/output.log", arguments,
            environment: ["HOME": directory, "PATH": "/usr/bin:/bin"].merging(environment) { _, new in new },
            directory: directory)
        do {
            try await body(process)
        } catch {
            await process.stop()
            throw error
        }
        await process.stop()
    }

    /// Runs it to its end and returns its exit code and what it wrote.
    static func result(
        _ arguments: String..., environment: [String: String] = [:]
    ) async throws -> (code: Int32?, lines: [String]) {
        try await withTemporaryDirectory { directory in
            var result: (Int32?, [String]) = (nil, [])
            try await run(arguments, environment: environment, in: directory) { process in
                result.0 = try await process.exit(within: .seconds(60))
                result.1 = process.lines
            }
            return result
        }
    }
}

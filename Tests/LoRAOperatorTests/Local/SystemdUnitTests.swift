import Foundation
import TestSupport
import Testing

/// The unit in deploy/systemd.
struct SystemdUnitTests {
    @Test func `it starts the command with flags that there are`() async throws {
        let unit = try Repository.text("deploy/systemd/lora-operator.service").replacing("\\\n", with: " ")
        let start = try #require(unit.split(separator: "\n").first { $0.hasPrefix("ExecStart=") })
        let urls = try #require(unit.split(separator: "\n").first { $0.hasPrefix("Environment=VLLM_URLS=") })
        let (_, help) = try await OperatorProcess.result("local", "--help")
        let flags = (start + " " + urls).split { " =".contains($0) }.filter { $0.hasPrefix("--") }
        #expect(flags.count == 5)
        for flag in flags { #expect(help.contains { $0.contains("\(flag) ") }, "\(flag)") }
    }

    private static let analyze = installedProgram("systemd-analyze")

    @Test(.enabled(if: analyze != nil, "systemd is not installed"))
    func `systemd finds nothing wrong with it`() async throws {
        let analyze = try #require(Self.analyze)
        try await withTemporaryDirectory { directory in
            // The binary is not installed on the machine that tests.
            let unit = try Repository.text("deploy/systemd/lora-operator.service")
                .replacing("/usr/local/bin/lora-operator", with: "/bin/true")
            try write(unit, to: "\(directory)/lora-operator.service")
            try await runCommand(analyze, ["verify", "\(directory)/lora-operator.service"])
        }
    }
}

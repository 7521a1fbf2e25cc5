import Foundation
import KubeAPI
import Synchronization
import TestSupport
import Testing

/// Who reads the log may sleep.
@Suite(.timeLimit(.minutes(5)))
struct BlockedLogTests {
    @Test(arguments: [true, false])
    func `146, O13: a log that nobody reads, or that is closed, stops nothing`(isOpen: Bool) async throws {
        try await Cluster.run(on: .simulated, servers: 2, operates: false) { cluster in
            try await withTemporaryDirectory { directory in
                try writeKubeconfig(to: "\(directory)/kubeconfig", server: cluster.configuration.server)
                let pipe = Pipe()
                // F_SETPIPE_SZ: the smallest that there is, so that it is full at once.
                _ = fcntl(pipe.fileHandleForWriting.fileDescriptor, 1031, 4096)
                let process = try ServerProcess(
                    try #require(OperatorProcess.path), log: "\(directory)/output.log",
                    [
                        "run", "--kubeconfig", "\(directory)/kubeconfig", "--health-probe-bind-address", "0",
                        "--metrics-bind-address", "0", "--probe-interval", "200ms", "--log-level", "trace",
                        "--allow-endpoint-cidr", "\(cluster.serverNetwork).0.0/16",
                    ],
                    environment: ["HOME": directory, "PATH": "/usr/bin:/bin"], errors: pipe.fileHandleForWriting)
                defer { process.kill() }
                try pipe.fileHandleForWriting.close()
                if !isOpen { try pipe.fileHandleForReading.close() }
                for index in 0..<20 { try await cluster.apply("a\(index)", path: "/adapters/\(index)") }
                for index in 0..<20 { try await cluster.adapter("a\(index)", reaches: "Ready", "2/2") }
                let read = Mutex("")
                if isOpen {
                    Thread.detachNewThread { [handle = pipe.fileHandleForReading] in
                        while case let more = handle.availableData, !more.isEmpty {
                            read.withLock { $0 += String(decoding: more, as: UTF8.self) }
                        }
                    }
                }
                // Whatever is written next tells what was lost.
                try await cluster.apply("last", path: "/adapters/last")
                try await cluster.adapter("last", reaches: "Ready", "2/2")
                if isOpen {
                    let isTold = try await eventually { read.withLock { $0.contains("lines of the log are missing") } }
                    #expect(isTold)
                }
                for index in 0..<20 { try await cluster.delete("a\(index)") }
                for index in 0..<20 { try await cluster.adapterGoes("a\(index)") }
                process.terminate()
                let code = try await process.exit(within: .seconds(60))
                #expect(code == 0)
            }
        }
    }
}

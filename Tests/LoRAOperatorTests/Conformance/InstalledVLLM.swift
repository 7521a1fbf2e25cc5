import CurlHTTP
import Effects
import Foundation
import Glibc
import Synchronization
import TestSupport

/// A real server of a tiny model on the CPU, and its processes.
final class InstalledVLLM: VLLMUnderTest {
    struct Failure: Error, CustomStringConvertible { var description: String }

    let url: String
    let adapters: String
    let resolverDirectory: String
    private let program: String
    private let arguments: [String]
    private let environment: [String: String]
    private let directory: String
    private let process = Mutex<ServerProcess?>(nil)

    init(program: String, models: String, _ setup: VLLMSetup, directory: String) throws {
        let port = try unusedPort()
        url = "http://127.0.0.1:\(port)"
        adapters = "\(models)/adapters"
        resolverDirectory = "\(models)/resolver"
        self.program = program
        self.directory = directory
        var arguments = [
            "serve", "\(models)/base", "--served-model-name", "tiny", "--host", "127.0.0.1", "--port", "\(port)",
            "--dtype", "bfloat16", "--max-model-len", "256", "--max-num-seqs", "4", "--enforce-eager",
        ]
        if setup.enablesLoRA { arguments += ["--enable-lora", "--max-loras", "2", "--max-lora-rank", "16"] }
        if let key = setup.apiKey { arguments += ["--api-key", key] }
        self.arguments = arguments
        let binaries = URL(filePath: program).deletingLastPathComponent()
        // Offline, on loopback, and small: otherwise it asks the Hub and takes all the memory that there is. Its home is kept:
        // what it caches there spares the next one a third of its start.
        var environment = [
            "HOME": binaries.deletingLastPathComponent().appending(path: "home").path,
            "PATH": "\(binaries.path):/usr/bin:/bin",
            "HF_HUB_OFFLINE": "1", "TRANSFORMERS_OFFLINE": "1", "VLLM_NO_USAGE_STATS": "1", "DO_NOT_TRACK": "1",
            "VLLM_CPU_KVCACHE_SPACE": "1", "OMP_NUM_THREADS": "1", "VLLM_HOST_IP": "127.0.0.1",
            "GLOO_SOCKET_IFNAME": "lo",
        ]
        if setup.allowsRuntimeUpdates { environment["VLLM_ALLOW_RUNTIME_LORA_UPDATING"] = "True" }
        if setup.hasResolver {
            environment["VLLM_PLUGINS"] = "lora_filesystem_resolver"
            environment["VLLM_LORA_RESOLVER_CACHE_DIR"] = resolverDirectory
        }
        self.environment = environment
    }

    private var present: ServerProcess? { process.withLock { $0 } }
    var lastLines: String { present?.lastLines ?? "" }

    func start() async throws {
        let started = try ServerProcess(
            program, log: "\(directory)/vllm.log", arguments, environment: environment, directory: directory)
        process.withLock { $0 = started }
        let http = CurlTransport()
        defer { http.shutdown() }
        // Half a minute on an idle machine.
        let isUp = try await eventually(within: .seconds(300)) {
            guard started.isRunning else { throw Failure(description: "vLLM ended:\n\(started.lastLines)") }
            try await ContinuousClock().sleep(for: .milliseconds(100))
            return (try? await http.send(HTTPRequest(.get, "\(url)/health")).head.status) == 200
        }
        guard isUp else { throw Failure(description: "vLLM did not get healthy:\n\(started.lastLines)") }
    }

    func stop() async {
        guard let present else { return }
        let family = ProcessTree.descendants(of: present.pid)
        present.terminate()
        let hasEnded = (try? await eventually(within: .seconds(30)) { !present.isRunning }) ?? false
        if !hasEnded { await present.stop() }
        // One that had to be killed leaves its engine and workers behind.
        for pid in family where ProcessTree.directory(of: pid) == directory { kill(pid, SIGKILL) }
    }

    func killEngine() async throws {
        let engines = ProcessTree.descendants(of: present?.pid ?? 0).filter {
            ProcessTree.title($0).contains("EngineCore")
        }
        guard !engines.isEmpty else { throw Failure(description: "vLLM has no process called EngineCore") }
        for pid in engines { kill(pid, SIGKILL) }
    }

    func exitCode() async throws -> Int32? { try await present?.exit(within: .seconds(60)) }
}

/// The processes of this machine, as `/proc` has them.
private enum ProcessTree {
    /// Those that `pid` started, and those that they started.
    static func descendants(of pid: Int32) -> [Int32] {
        let pids = ((try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []).compactMap { Int32($0) }
        let children = Dictionary(grouping: pids) { parent(of: $0) }
        var found: [Int32] = []
        var rest = [pid]
        while let next = rest.popLast() {
            let below = children[next] ?? []
            found += below
            rest += below
        }
        return found
    }

    static func title(_ pid: Int32) -> String {
        (try? String(contentsOfFile: "/proc/\(pid)/cmdline", encoding: .utf8)) ?? ""
    }

    /// Where it works; a process that took over the number of another works elsewhere.
    static func directory(of pid: Int32) -> String? {
        try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/\(pid)/cwd")
    }

    /// The second field after the name, which stands in parentheses and may hold anything.
    private static func parent(of pid: Int32) -> Int32? {
        let text = (try? String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8)) ?? ""
        let fields = text[(text.lastIndex(of: ")") ?? text.startIndex)...].split(separator: " ")
        return fields.count > 2 ? Int32(fields[2]) : nil
    }
}

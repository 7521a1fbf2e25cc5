import CurlHTTP
import DynamicJSON
import Effects
import HTTPServer
import Synchronization
import VLLMSimulator

/// A simulated vLLM server that outlives the operator, and notices when it is asked to load what it already lists.
final class WatchfulServer: HTTPHandler {
    let vllm: SimulatedServer
    private let repeated = Mutex<[String]>([])

    init() {
        vllm = SimulatedServer(ServerConfiguration(), time: SystemTime(), random: SystemRandom())
    }

    /// The loads of what was there.
    var repeatedLoads: [String] { repeated.withLock { $0 } }

    /// What it holds, as `name=path`, sorted.
    var holds: [String] { vllm.adapters.map { "\($0.name)=\($0.path)" }.sorted() }

    func respond(to request: HTTPRequest) async throws -> HTTPResponse {
        if request.url.hasSuffix("/v1/load_lora_adapter"), let body = JSONValue(parsing: request.body ?? []) {
            let load = "\(body["lora_name"]?.stringValue ?? "")=\(body["lora_path"]?.stringValue ?? "")"
            if holds.contains(load) { repeated.withLock { $0.append(load) } }
        }
        return try await vllm.respond(to: request)
    }

    /// Serves beside `body`, which gets its URL.
    func serve(at address: String, _ body: (String) async throws -> Void) async throws {
        let server = HTTPServer(host: address, port: 0, handler: self, logger: .silent)
        let listener = try await Listener { report in try await server.run(onBound: report) }
        do {
            try await body("http://\(address):\(listener.port)")
        } catch {
            await listener.stop()
            throw error
        }
        await listener.stop()
    }
}

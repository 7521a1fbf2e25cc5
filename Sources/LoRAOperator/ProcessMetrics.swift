import Effects
import FoundationEssentials
import Glibc
import KubeRuntime
import Metrics

/// The metrics that do not depend on the operator's work.
enum ProcessMetrics {
    private static let build = MetricFamily("lora_operator_build_info", .gauge, "Version and commit of this binary.")
    private static let leader = MetricFamily(
        "leader_election_master_status", .gauge, "1 while this process leads, else 0.")
    private static let requests = MetricFamily(
        "rest_client_requests_total", .counter, "Requests to the API server by method, host and status code.")
    private static let vllm = MetricFamily(
        "lora_operator_vllm_requests_total", .counter,
        "Requests to vLLM servers by operation and result: ok, refused, error or unreachable.")
    private static let cpu = MetricFamily("process_cpu_seconds_total", .counter, "User and system CPU time in seconds.")
    private static let resident = MetricFamily("process_resident_memory_bytes", .gauge, "Resident memory in bytes.")
    private static let virtual = MetricFamily("process_virtual_memory_bytes", .gauge, "Virtual memory in bytes.")
    private static let descriptors = MetricFamily("process_open_fds", .gauge, "Open file descriptors.")
    private static let started = MetricFamily(
        "process_start_time_seconds", .gauge, "Start of the process in seconds since 1970.")

    /// Adds what can be read of the process; `startedAt` is a Unix time.
    static func collect(into registry: MetricsRegistry, startedAt: Double, elector: LeaderElector?, name: String) {
        registry.collect {
            var samples = [
                MetricSample(build, ["version": Build.version, "commit": Build.commit], 1),
                MetricSample(started, startedAt),
            ]
            if let elector { samples.append(MetricSample(leader, ["name": name], elector.isLeading ? 1 : 0)) }
            return samples + system
        }
    }

    /// The API server's transport, counted.
    static func kubernetes(_ base: any HTTPTransport, _ registry: MetricsRegistry, host: String) -> MeteredTransport {
        MeteredTransport(base) { request, status in
            let code = status.map(String.init) ?? "<error>"
            registry.count(requests, ["code": code, "host": host, "method": request.method.rawValue])
        }
    }

    /// The servers' transport, counted.
    static func servers(_ base: any HTTPTransport, _ registry: MetricsRegistry) -> MeteredTransport {
        MeteredTransport(base) { request, status in
            let result =
                switch status {
                case .some(200..<300): "ok"
                case .some(500...): "error"
                case .some: "refused"
                case nil: "unreachable"
                }
            registry.count(vllm, ["operation": operation(of: request.url), "result": result])
        }
    }

    private static func operation(of url: String) -> String {
        switch url.split(separator: "/").last.map(String.init) {
        case "health": "health"
        case "models": "models"
        case "load_lora_adapter": "load"
        case "unload_lora_adapter": "unload"
        case "version": "version"
        case "metrics": "metrics"
        default: "other"
        }
    }

    /// Memory of this process in bytes.
    static var memory: (virtual: Double, resident: Double)? {
        let pages = (try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8))?.split(separator: " ") ?? []
        let page = Double(sysconf(Int32(_SC_PAGESIZE)))
        guard pages.count > 1, let all = Double(pages[0]), let used = Double(pages[1]) else { return nil }
        return (all * page, used * page)
    }

    private static var system: [MetricSample] {
        var usage = rusage()
        var samples: [MetricSample] = []
        if unsafe getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage) == 0 {
            let seconds = [usage.ru_utime, usage.ru_stime].map { Double($0.tv_sec) + Double($0.tv_usec) / 1e6 }
            samples.append(MetricSample(cpu, seconds.reduce(0, +)))
        }
        if let memory { samples += [MetricSample(virtual, memory.virtual), MetricSample(resident, memory.resident)] }
        if let open = try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd") {
            samples.append(MetricSample(descriptors, Double(open.count)))
        }
        return samples
    }
}

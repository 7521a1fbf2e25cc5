import AdapterPlanning
import Effects
import KubeAPI
import KubeRuntime
package import Metrics

/// What the operator counts; controller-runtime's names where it has one.
package struct OperatorMetrics: Sendable {
    package let registry: MetricsRegistry
    private static let controller = "loraadapter"

    package init(_ registry: MetricsRegistry) { self.registry = registry }

    private static let times = [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10, 30, 60]

    private static let queueLabels = ["name": controller, "controller": controller]
    private static let depth = MetricFamily("workqueue_depth", .gauge, "Keys that wait to be taken.")
    private static let adds = MetricFamily("workqueue_adds_total", .counter, "Keys added, repetitions not counted.")
    private static let retries = MetricFamily("workqueue_retries_total", .counter, "Keys added again after a failure.")
    private static let unfinished = MetricFamily(
        "workqueue_unfinished_work_seconds", .gauge, "Time that all work in progress has taken so far.")
    private static let longest = MetricFamily(
        "workqueue_longest_running_processor_seconds", .gauge, "Time that the longest work in progress has taken.")
    private static let waited = MetricFamily(
        "workqueue_queue_duration_seconds", .histogram, "How long a key waited before it was taken.", buckets: times)
    private static let worked = MetricFamily(
        "workqueue_work_duration_seconds", .histogram, "How long the work on a key took.", buckets: times)
    private static let reconciles = MetricFamily(
        "controller_runtime_reconcile_total", .counter, "Reconciles by result: success, requeue_after or error.")
    private static let errors = MetricFamily(
        "controller_runtime_reconcile_errors_total", .counter, "Reconciles that failed.")
    private static let reconcileTime = MetricFamily(
        "controller_runtime_reconcile_time_seconds", .histogram, "How long a reconcile took.", buckets: times)
    private static let adapters = MetricFamily("lora_operator_adapters", .gauge, "LoRAAdapters by status.phase.")
    private static let servers = MetricFamily(
        "lora_operator_servers", .gauge,
        "Connections to vLLM servers: observed, starting, pending, or the reason why nothing can be observed.")
    private static let loads = MetricFamily(
        "lora_operator_load_duration_seconds", .histogram, "How long a load that a server confirmed took.",
        buckets: [0.1, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300])
    private static let repairs = MetricFamily(
        "lora_operator_drift_repairs_total", .counter,
        "Servers that had lost an adapter: by restart, or because it vanished or was replaced.")
    private static let eventAge = MetricFamily(
        "lora_operator_watch_last_event_age_seconds", .gauge,
        "Time since a watch brought an event or a bookmark; a bookmark comes about once a minute.")

    private static let inconsistent = MetricFamily(
        "lora_operator_cache_inconsistent_total", .counter,
        "Times that a cache was found to differ from the API server, and was read again.")

    /// A cache was wrong; `times: 0` says that somebody looks.
    func foundInconsistent(_ resource: String, times: Int = 1) {
        registry.count(Self.inconsistent, ["resource": resource], by: Double(times))
    }

    func waited(_ duration: Duration) { registry.observe(Self.waited, Self.queueLabels, duration.seconds) }

    func reconciled(_ report: Controller<NamespacedName>.Report) {
        let labels = ["controller": Self.controller]
        registry.count(Self.reconciles, labels.merging(["result": report.outcome.rawValue]) { $1 })
        registry.count(Self.errors, labels, by: report.outcome == .error ? 1 : 0)
        registry.observe(Self.reconcileTime, labels, report.duration.seconds)
        registry.observe(Self.worked, Self.queueLabels, report.duration.seconds)
    }

    func loaded(in duration: Duration) { registry.observe(Self.loads, [:], duration.seconds) }

    func repairing(_ causes: [Drift.Cause]) {
        for cause in causes { registry.count(Self.repairs, ["cause": cause.rawValue]) }
    }

    /// Reads these whenever somebody asks.
    func collect(queue: WorkQueue<NamespacedName>, view: ClusterView, registry servers: ServerRegistry) {
        registry.collect {
            let counts = queue.counts
            var samples = [
                MetricSample(Self.depth, Self.queueLabels, Double(counts.depth)),
                MetricSample(Self.adds, Self.queueLabels, Double(counts.adds)),
                MetricSample(Self.retries, Self.queueLabels, Double(counts.retries)),
                MetricSample(Self.unfinished, Self.queueLabels, counts.unfinishedWork.seconds),
                MetricSample(Self.longest, Self.queueLabels, counts.longestRunning.seconds),
            ]
            var phases: [String: Int] = [:]
            for adapter in view.adapters.all() { phases[adapter.status.phase ?? "Pending", default: 0] += 1 }
            samples += phases.map { MetricSample(Self.adapters, ["phase": $0], Double($1)) }
            samples += servers.states.map { MetricSample(Self.servers, ["state": $0], Double($1)) }
            return samples
        }
    }

    /// The age of the last thing heard about a resource.
    func collect(_ resource: String, heard: LastHeard, time: any TimeSource) {
        registry.collect {
            guard let at = heard.value else { return [] }
            return [MetricSample(Self.eventAge, ["resource": resource], (time.now - at).seconds)]
        }
    }
}

extension ServerObservation.Answer {
    /// In a word, as `lora_operator_servers` has it.
    var metricState: String {
        switch self {
        case .pending: "pending"
        case .awaiting: "starting"
        case .blind(let reason, _): reason.rawValue
        case .listed: "observed"
        }
    }
}

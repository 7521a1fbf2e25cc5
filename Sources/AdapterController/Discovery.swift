import AdapterPlanning
import KubeAPI

/// How the servers behind a Service are reached for discovery.
enum Discovery {
    static let label = "lora-operator.dev/discover"

    private static let annotation = ObjectMeta.annotationPrefix

    /// The connection of the oldest LoRAAdapter on the Service, else that of its annotations; nil where nothing selects it.
    static func target(of service: Service, adapters: [LoRAAdapter]) -> AdapterSpec.Target? {
        let oldest = adapters.min {
            ($0.metadata.creationTimestamp, $0.metadata.uid) < ($1.metadata.creationTimestamp, $1.metadata.uid)
        }
        if let oldest, case .success(let spec) = oldest.spec { return spec.target }
        return service.metadata.labels[label] == "true" ? annotated(service.metadata) : nil
    }

    private static func annotated(_ service: ObjectMeta) -> AdapterSpec.Target {
        func text(_ name: String) -> String? {
            service.annotations["\(annotation)\(name)"].flatMap { $0.isEmpty ? nil : $0 }
        }
        func secret(_ name: String) -> AdapterSpec.KeyReference? {
            let parts = text(name)?.split(separator: "/", maxSplits: 1).map(String.init) ?? []
            return parts.count == 2 ? AdapterSpec.KeyReference(name: parts[0], key: parts[1]) : nil
        }
        let port = text("port").map { Int($0).map(AdapterSpec.PortReference.number) ?? .name($0) }
        var target = AdapterSpec.Target(service: AdapterSpec.ServiceReference(name: service.name, port: port))
        target.scheme = text("scheme") == "https" ? "https" : nil
        target.apiKeySecretRef = secret("api-key-secret")
        if let authority = secret("ca-secret") { target.tls = AdapterSpec.TLS(caSecretRef: authority) }
        return target
    }
}

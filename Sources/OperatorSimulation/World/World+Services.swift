import DynamicJSON
import KubeSimulator

/// Services and their EndpointSlices.
extension World {
    func createService(_ name: String) throws {
        try kube.create([
            "apiVersion": "v1", "kind": "Service",
            "metadata": ["name": .string(name), "namespace": .string(Self.namespace)],
            "spec": [
                "type": "ClusterIP", "clusterIP": "10.96.0.10", "ipFamilies": ["IPv4"],
                "selector": [.init("service-\(name)"): "yes"], "ports": [port(of: name)],
            ],
        ])
        noteService(name, exists: true)
        try publishSlices(of: name)
    }

    func deleteService(_ name: String) throws {
        noteService(name, exists: false)
        try kube.delete("services", namespace: Self.namespace, name: name)
        for port in SimulatedPod.ports {
            try? kube.delete("endpointslices", namespace: Self.namespace, name: slice(of: name, port: port))
        }
    }

    private func noteService(_ name: String, exists: Bool) {
        change { state in
            if exists { state.services.insert(name) } else { state.services.remove(name) }
            state.servicesChangedAt[name] = simulation.now
        }
    }

    /// Gives the port of a Service another name; the EndpointSlice follows.
    func renamePort(of service: String, to name: String) throws {
        change { $0.portNames[service] = name }
        try publishPort(of: service)
    }

    /// Lets a Service lead to that port of all its pods, or to the one that each of them calls `http`.
    func retarget(_ service: String, to port: Int?) throws {
        simulation.trace("\(service) leads to \(port.map { "port \($0)" } ?? "the port that is called http")")
        change { $0.targetPorts[service] = port }
        try publishPort(of: service)
    }

    private func publishPort(of service: String) throws {
        change { $0.portsChangedAt[service] = simulation.now }
        guard var object = kube.get("services", namespace: Self.namespace, name: service) else { return }
        object["spec", "ports"] = [port(of: service)]
        try kube.replace(object)
        publishSliceLater(of: service)
    }

    /// Whether a Service selects a pod, and leads to the port on which its server listens.
    func leads(_ service: String, to pod: SimulatedPod) -> Bool {
        pod.services.contains(service) && now.targetPorts[service] ?? pod.port == pod.port
    }

    private func port(of service: String) -> JSONValue {
        let target: JSONValue = now.targetPorts[service].map { .int(Int64($0)) } ?? "http"
        return ["name": .string(portName(of: service)), "port": 80, "targetPort": target, "protocol": "TCP"]
    }

    func portName(of service: String) -> String { now.portNames[service] ?? "http" }

    func publishSliceLater(of service: String) {
        let delay = delays.duration(.zero ... .seconds(2))
        simulation.spawn { [self] in
            try? await simulation.sleep(for: delay)
            do { try publishSlices(of: service) } catch { violate("environment", "\(error)") }
        }
    }

    /// One slice for each port, as Kubernetes has it; one that is needed no more goes last.
    private func publishSlices(of service: String) throws {
        guard now.services.contains(service) else { return }
        let (pods, target) = (pods.filter { $0.services.contains(service) }, now.targetPorts[service])
        let members = Dictionary(grouping: pods) { target ?? $0.port }
        let ports = members.isEmpty ? [target ?? 8000] : members.keys.sorted()
        for port in ports {
            try publishSlice(of: service, port: port, (members[port] ?? []).map { $0.endpoint(in: Self.namespace) })
        }
        for port in SimulatedPod.ports where !ports.contains(port) {
            try? kube.delete("endpointslices", namespace: Self.namespace, name: slice(of: service, port: port))
        }
    }

    private func slice(of service: String, port: Int) -> String {
        port == 8000 ? "\(service)-slice" : "\(service)-slice-\(port)"
    }

    private func publishSlice(of service: String, port: Int, _ endpoints: [JSONValue]) throws {
        let name = slice(of: service, port: port)
        var slice: JSONValue = [
            "apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice", "addressType": "IPv4",
            "metadata": [
                "name": .string(name), "namespace": .string(Self.namespace),
                "labels": ["kubernetes.io/service-name": .string(service)],
            ],
            "endpoints": .array(endpoints),
            "ports": [
                ["name": .string(portName(of: service)), "port": .int(Int64(port)), "protocol": "TCP"]
            ],
        ]
        guard let present = kube.get("endpointslices", namespace: Self.namespace, name: name) else {
            try kube.create(slice)
            return
        }
        guard present["endpoints"] != slice["endpoints"] || present["ports"] != slice["ports"] else { return }
        slice["metadata"] = present["metadata"]
        try kube.replace(slice)
    }
}

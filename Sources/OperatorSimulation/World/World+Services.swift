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
        try publishSlice(of: name)
    }

    func deleteService(_ name: String) throws {
        noteService(name, exists: false)
        try kube.delete("services", namespace: Self.namespace, name: name)
        try? kube.delete("endpointslices", namespace: Self.namespace, name: "\(name)-slice")
    }

    private func noteService(_ name: String, exists: Bool) {
        change { state in
            if exists { state.services.insert(name) } else { state.services.remove(name) }
            state.servicesChangedAt[name] = simulation.now
        }
    }

    /// Gives the port of a Service another name; the EndpointSlice follows.
    func renamePort(of service: String, to name: String) throws {
        change { state in
            state.portNames[service] = name
            state.renamedAt[service] = simulation.now
        }
        guard var object = kube.get("services", namespace: Self.namespace, name: service) else { return }
        object["spec", "ports"] = [port(of: service)]
        try kube.replace(object)
        publishSliceLater(of: service)
    }

    private func port(of service: String) -> JSONValue {
        ["name": .string(portName(of: service)), "port": 80, "targetPort": 8000, "protocol": "TCP"]
    }

    func portName(of service: String) -> String { now.portNames[service] ?? "http" }

    func publishSliceLater(of service: String) {
        let delay = delays.duration(.zero ... .seconds(2))
        simulation.spawn { [self] in
            try? await simulation.sleep(for: delay)
            do { try publishSlice(of: service) } catch { violate("environment", "\(error)") }
        }
    }

    private func publishSlice(of service: String) throws {
        guard now.services.contains(service) else { return }
        let endpoints = pods.filter { $0.services.contains(service) }.map { $0.endpoint(in: Self.namespace) }
        let name = "\(service)-slice"
        let port: JSONValue = [
            "name": .string(portName(of: service)), "port": .int(Int64(SimulatedPod.port)), "protocol": "TCP",
        ]
        var slice: JSONValue = [
            "apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice", "addressType": "IPv4",
            "metadata": [
                "name": .string(name), "namespace": .string(Self.namespace),
                "labels": ["kubernetes.io/service-name": .string(service)],
            ],
            "endpoints": .array(endpoints), "ports": [port],
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

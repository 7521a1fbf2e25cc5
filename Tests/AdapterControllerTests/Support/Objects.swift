import KubeAPI

extension Pod {
    /// A Pod of the namespace `ns` with one container `vllm`, which declares port 8000.
    static func pod(
        _ name: String, ip: String = "10.0.0.1", others: [String] = [], edit: (inout Pod) -> Void = { _ in }
    ) -> Pod {
        var pod = Pod(metadata: ObjectMeta(name: name, namespace: "ns", uid: "uid-\(name)"))
        pod.spec.containers = [PodContainer(name: "vllm", ports: [ContainerPort(containerPort: 8000)])]
        pod.status = PodStatus(
            phase: "Running", podIP: ip, podIPs: [ip] + others,
            containerStatuses: [ContainerStatus(name: "vllm", containerID: "containerd://\(name)")])
        edit(&pod)
        return pod
    }
}

extension Endpoint {
    /// The endpoint of a Pod.
    static func of(_ pod: Pod, _ address: String? = nil, terminating: Bool? = nil) -> Endpoint {
        Endpoint(
            addresses: [address ?? pod.status.podIP], conditions: EndpointConditions(terminating: terminating),
            targetRef: ObjectReference(
                kind: "Pod", namespace: pod.metadata.namespace, name: pod.metadata.name, uid: pod.metadata.uid))
    }
}

extension EndpointSlice {
    static func slice(
        _ endpoints: [Endpoint], port: Int? = 8000, name: String? = "http", protocol: String = "TCP",
        type: String = "IPv4"
    ) -> EndpointSlice {
        EndpointSlice(
            metadata: ObjectMeta(
                name: "vllm-x", namespace: "ns", labels: ["kubernetes.io/service-name": "vllm"]), addressType: type,
            endpoints: endpoints, ports: [EndpointPort(name: name, port: port, protocol: `protocol`)])
    }
}

extension Service {
    /// The Service `vllm` with one port `http`.
    static func service(edit: (inout ServiceSpec) -> Void = { _ in }) -> Service {
        var spec = ServiceSpec(
            selector: ["app": "vllm"], ipFamilies: ["IPv4"], ports: [ServicePort(name: "http", port: 80)])
        edit(&spec)
        return Service(metadata: ObjectMeta(name: "vllm", namespace: "ns"), spec: spec)
    }
}

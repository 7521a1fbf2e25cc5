import AdapterPlanning
import Effects
import KubeAPI
import Testing

@testable import AdapterController

@Suite struct TargetResolverTests {
    private func find(
        _ service: Service?, _ slices: [EndpointSlice], pods: [Pod] = [],
        port: AdapterSpec.PortReference? = nil, allowing: [String] = []
    ) -> TargetResolver.Found {
        var policy = AddressPolicy()
        policy.allowed = allowing.compactMap(CIDR.init)
        let byName = Dictionary(uniqueKeysWithValues: pods.map { ($0.metadata.name, $0) })
        return TargetResolver(
            namespace: "ns", reference: AdapterSpec.ServiceReference(name: "vllm", port: port), service: service,
            slices: slices, pod: { byName[$0] }, policy: policy
        ).resolve()
    }

    private func find(_ slices: [EndpointSlice], pods: [Pod] = []) -> TargetResolver.Found {
        find(.service(), slices, pods: pods)
    }

    private func servers(_ found: TargetResolver.Found) -> [Server] {
        if case .servers(let servers) = found.target { servers } else { [] }
    }

    private func reason(_ found: TargetResolver.Found) -> Reason? {
        if case .unusable(let reason, _) = found.target { reason } else { nil }
    }

    private let a = Pod.pod("a", ip: "10.0.0.1")
    private let b = Pod.pod("b", ip: "10.0.0.2")

    @Test func `a server is a pod's UID and port, by name`() {
        let found = find([.slice([.of(b), .of(a)])], pods: [a, b])
        #expect(servers(found).map(\.name) == ["a", "b"])
        #expect(
            servers(found).first
                == Server(
                    id: ServerID(owner: "uid-a", port: 8000), name: "a", address: "10.0.0.1",
                    incarnation: "containerd://a"))
    }

    // MARK: the Service and its port

    @Test func `a Service that is missing, an ExternalName or without a selector is told apart`() {
        #expect(reason(find(nil, [])) == .serviceNotFound)
        #expect(reason(find(.service { $0.type = "ExternalName" }, [])) == .serviceNotSupported)
        #expect(reason(find(.service { $0.selector = [:] }, [])) == .serviceNotSupported)
        #expect(reason(find(.service { $0.selector = [:] }, [], allowing: ["10.0.0.0/8"])) == .noServers)
        #expect(reason(find([])) == .noServers)
    }

    struct PortCase: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var ports: [ServicePort]
        var reference: AdapterSpec.PortReference?
        /// The name of the port that is found.
        var found: String?
    }

    static let two = [ServicePort(name: "http", port: 80), ServicePort(name: "api", port: 81)]

    static let portCases = [
        PortCase(testDescription: "the only one", ports: [ServicePort(name: "api", port: 80)], found: "api"),
        PortCase(testDescription: "the only one, unnamed", ports: [ServicePort(port: 80)], found: ""),
        PortCase(
            testDescription: "the only TCP one",
            ports: [ServicePort(name: "dns", port: 53, protocol: "UDP"), ServicePort(name: "api", port: 80)],
            found: "api"),
        PortCase(testDescription: "http of two", ports: two, found: "http"),
        PortCase(
            testDescription: "none of two",
            ports: [ServicePort(name: "x", port: 80), ServicePort(name: "y", port: 81)], found: nil),
        PortCase(testDescription: "by number", ports: two, reference: .number(81), found: "api"),
        PortCase(testDescription: "by name", ports: two, reference: .name("api"), found: "api"),
        PortCase(testDescription: "wrong number", ports: two, reference: .number(8000), found: nil),
        PortCase(testDescription: "wrong name", ports: two, reference: .name("web"), found: nil),
        PortCase(
            testDescription: "a UDP port by number", ports: [ServicePort(name: "dns", port: 53, protocol: "UDP")],
            reference: .number(53), found: nil),
        PortCase(testDescription: "no ports", ports: [], found: nil),
    ]

    @Test(arguments: portCases)
    func `the port is found by number or name, else the only one, else http`(_ example: PortCase) {
        let slices = ["", "http", "api", "dns", "x", "y"].enumerated().map { index, name in
            EndpointSlice.slice([.of(a)], port: 9000 + index, name: name)
        }
        let found = find(.service { $0.ports = example.ports }, slices, pods: [a], port: example.reference)
        let index = ["", "http", "api", "dns", "x", "y"].firstIndex(of: example.found ?? "none")
        #expect(servers(found).map(\.id.port) == (index.map { [9000 + $0] } ?? []))
        if example.found == nil { #expect(reason(found) == .portNotFound) }
    }

    @Test func `a headless Service works if it declares the port`() {
        let headless = Service.service { $0.clusterIP = "None" }
        #expect(servers(find(headless, [.slice([.of(a)])], pods: [a])).map(\.name) == ["a"])
        let bare = Service.service { ($0.clusterIP, $0.ports) = ("None", []) }
        #expect(reason(find(bare, [.slice([.of(a)])], pods: [a])) == .portNotFound)
    }

    @Test func `each slice has its own number for the port`() {
        let found = find([.slice([.of(a)], port: 8000), .slice([.of(b)], port: 9000)], pods: [a, b])
        #expect(servers(found).map(\.id.port) == [8000, 9000])
    }

    @Test func `an unnamed slice port belongs to an unnamed Service port`() {
        let unnamed = Service.service { $0.ports = [ServicePort(port: 80)] }
        #expect(servers(find(unnamed, [.slice([.of(a)], name: nil)], pods: [a])).count == 1)
    }

    @Test func `slices without the port, of UDP, of names or with impossible numbers say nothing`() {
        let slices: [EndpointSlice] = [
            .slice([.of(a)], name: "other"), .slice([.of(a)], protocol: "UDP"), .slice([.of(a)], type: "FQDN"),
            .slice([.of(a)], port: nil), .slice([.of(a)], port: 0), .slice([.of(a)], port: 70_000), .slice([]),
        ]
        #expect(reason(find(slices, pods: [a])) == .noServers)
    }

    // MARK: endpoints and pods

    @Test func `ready or not, an endpoint counts`() {
        var endpoint = Endpoint.of(a)
        endpoint.conditions.ready = false
        #expect(servers(find([.slice([endpoint])], pods: [a])).count == 1)
    }

    @Test func `an endpoint that terminates, or whose pod does, is not wanted but known`() {
        let going = Pod.pod("b", ip: "10.0.0.2") { $0.metadata.deletionTimestamp = "2026-01-01T00:00:00Z" }
        let found = find([.slice([.of(a, terminating: true), .of(going)])], pods: [a, going])
        #expect(reason(found) == .noServers && found.terminating.map(\.name) == ["a", "b"])
        #expect(found.terminating.allSatisfy { $0.isTerminating })
    }

    @Test(arguments: ["Succeeded", "Failed"])
    func `a finished pod is no server`(_ phase: String) {
        let done = Pod.pod("a") { $0.status.phase = phase }
        let found = find([.slice([.of(done)])], pods: [done])
        #expect(reason(found) == .noServers && found.terminating.isEmpty)
    }

    @Test func `a pod that is not there, or is another of that name, is no server`() {
        #expect(reason(find([.slice([.of(a)])])) == .noServers)
        var again = a
        again.metadata.uid = "another"
        #expect(reason(find([.slice([.of(a)])], pods: [again])) == .noServers)
    }

    @Test func `an address that is not the pod's is refused`() {
        let found = find([.slice([.of(a, "10.0.0.9")])], pods: [a])
        #expect(reason(found) == .endpointRefused)
        #expect(servers(find([.slice([.of(a, "10.0.0.9"), .of(b)])], pods: [a, b])).map(\.name) == ["b"])
    }

    @Test func `something else than a Pod of the namespace is refused`() {
        var node = Endpoint.of(a)
        node.targetRef?.kind = "Node"
        var elsewhere = Endpoint.of(a)
        elsewhere.targetRef?.namespace = "kube-system"
        #expect(reason(find([.slice([node])], pods: [a])) == .endpointRefused)
        #expect(reason(find([.slice([elsewhere])], pods: [a])) == .endpointRefused)
    }

    @Test func `an endpoint without a Pod needs its range, and is known by its address`() {
        let endpoint = Endpoint(addresses: ["10.9.0.1"], hostname: "gpu-1")
        let service = Service.service { $0.selector = [:] }
        #expect(reason(find(.service(), [.slice([endpoint])])) == .endpointRefused)
        let server = servers(find(service, [.slice([endpoint])], allowing: ["10.9.0.0/16"])).first
        #expect(server?.id == ServerID(owner: "10.9.0.1", port: 8000) && server?.name == "gpu-1")
        #expect(server?.incarnation == nil)
    }

    @Test func `of two families the Service's first wins`() {
        let dual = Pod.pod("a", ip: "10.0.0.1", others: ["fd00::1"])
        let slices: [EndpointSlice] = [.slice([.of(dual)]), .slice([.of(dual, "fd00::1")], type: "IPv6")]
        for (families, address) in [
            (["IPv4", "IPv6"], "10.0.0.1"), (["IPv6", "IPv4"], "fd00::1"), (["IPv6"], "fd00::1"),
        ] {
            let found = find(.service { $0.ipFamilies = families }, slices, pods: [dual])
            #expect(servers(found).map(\.address) == [address])
        }
    }

    @Test func `where the Service names no family the pod's first address wins`() {
        let dual = Pod.pod("a", ip: "fd00::1", others: ["10.0.0.1"])
        let slices: [EndpointSlice] = [.slice([.of(dual, "10.0.0.1")]), .slice([.of(dual)], type: "IPv6")]
        #expect(servers(find(.service { $0.ipFamilies = [] }, slices, pods: [dual])).map(\.address) == ["fd00::1"])
    }

    @Test func `an endpoint that stands in two slices is one server`() {
        #expect(servers(find([.slice([.of(a)]), .slice([.of(a)])], pods: [a])).count == 1)
    }

    // MARK: incarnation

    private func incarnation(_ edit: (inout Pod) -> Void) -> String? {
        let pod = Pod.pod("a", edit: edit)
        return servers(find([.slice([.of(pod)])], pods: [pod])).first?.incarnation
    }

    private let proxy = PodContainer(name: "proxy", ports: [ContainerPort(containerPort: 15_001)])

    @Test func `the incarnation is the container that declares the port`() {
        let id = incarnation {
            $0.spec.containers.insert(proxy, at: 0)
            $0.status.containerStatuses.insert(ContainerStatus(name: "proxy", containerID: "containerd://p"), at: 0)
        }
        #expect(id == "containerd://a")
    }

    @Test func `else the only container that is no sidecar`() {
        let id = incarnation {
            $0.spec.containers[0].ports = []
            $0.spec.initContainers = [PodContainer(name: "proxy", restartPolicy: "Always")]
            $0.status.initContainerStatuses = [ContainerStatus(name: "proxy", containerID: "containerd://p")]
        }
        #expect(id == "containerd://a")
    }

    @Test func `a sidecar that declares the port is what restarts`() {
        let id = incarnation {
            $0.spec.containers[0].ports = []
            let ports = [ContainerPort(containerPort: 8000)]
            $0.spec.initContainers = [PodContainer(name: "vllm-side", ports: ports, restartPolicy: "Always")]
            $0.status.initContainerStatuses = [ContainerStatus(name: "vllm-side", containerID: "containerd://s")]
        }
        #expect(id == "containerd://s")
    }

    @Test func `of several that do not declare it there is none, nor before the first start`() {
        #expect(incarnation { $0.spec.containers = [PodContainer(name: "vllm"), proxy] } == nil)
        #expect(incarnation { $0.status.containerStatuses = [ContainerStatus(name: "vllm")] } == nil)
        #expect(incarnation { $0.status.containerStatuses = [] } == nil)
    }

    @Test func `a UDP port of the same number is another port`() {
        let id = incarnation {
            let udp = ContainerPort(containerPort: 8000, protocol: "UDP")
            $0.spec.containers.insert(PodContainer(name: "dns", ports: [udp]), at: 0)
            $0.status.containerStatuses.insert(ContainerStatus(name: "dns", containerID: "containerd://d"), at: 0)
        }
        #expect(id == "containerd://a")
    }
}

/// A Pod, as far as it says which server runs in it.
package struct Pod: KubeObject, Hashable {
    package static let resource = Resource(plural: "pods", kind: "Pod")

    package var metadata: ObjectMeta
    package var spec: PodSpec
    package var status: PodStatus

    package init(metadata: ObjectMeta, spec: PodSpec = PodSpec(), status: PodStatus = PodStatus()) {
        self.metadata = metadata
        self.spec = spec
        self.status = status
    }

    private enum CodingKeys: CodingKey { case metadata, spec, status }

    package init(from decoder: any Decoder) throws {
        let fields = try decoder.container(keyedBy: CodingKeys.self)
        metadata = try fields.decode(ObjectMeta.self, forKey: .metadata)
        spec = try fields.decodeIfPresent(PodSpec.self, forKey: .spec) ?? PodSpec()
        status = try fields.decodeIfPresent(PodStatus.self, forKey: .status) ?? PodStatus()
    }

    /// The condition `Ready` is `True`.
    package var isReady: Bool { status.isReady }

    /// `Succeeded` or `Failed`: no container of it runs or will run again.
    package var isFinished: Bool { status.phase == "Succeeded" || status.phase == "Failed" }
}

package struct PodSpec: Hashable, Sendable, Decodable {
    package var hostNetwork: Bool
    package var containers: [PodContainer]
    package var initContainers: [PodContainer]

    package init(hostNetwork: Bool = false, containers: [PodContainer] = [], initContainers: [PodContainer] = []) {
        self.hostNetwork = hostNetwork
        self.containers = containers
        self.initContainers = initContainers
    }

    private enum CodingKeys: CodingKey { case hostNetwork, containers, initContainers }

    package init(from decoder: any Decoder) throws {
        let fields = try decoder.container(keyedBy: CodingKeys.self)
        hostNetwork = try fields.flag(.hostNetwork)
        containers = try fields.list(.containers)
        initContainers = try fields.list(.initContainers)
    }
}

package struct PodContainer: Hashable, Sendable, Decodable {
    package var name: String
    package var ports: [ContainerPort]
    /// `Always` makes an init container a sidecar; nil elsewhere.
    package var restartPolicy: String?

    package init(name: String, ports: [ContainerPort] = [], restartPolicy: String? = nil) {
        self.name = name
        self.ports = ports
        self.restartPolicy = restartPolicy
    }

    private enum CodingKeys: CodingKey { case name, ports, restartPolicy }

    package init(from decoder: any Decoder) throws {
        let fields = try decoder.container(keyedBy: CodingKeys.self)
        name = try fields.text(.name)
        ports = try fields.list(.ports)
        restartPolicy = try fields.decodeIfPresent(String.self, forKey: .restartPolicy)
    }
}

package struct ContainerPort: Hashable, Sendable, Decodable {
    /// Empty when the port has no name.
    package var name: String
    package var containerPort: Int
    /// `TCP` when absent.
    package var `protocol`: String

    package init(name: String = "", containerPort: Int, protocol: String = "TCP") {
        self.name = name
        self.containerPort = containerPort
        self.protocol = `protocol`
    }

    private enum CodingKeys: CodingKey { case name, containerPort, `protocol` }

    package init(from decoder: any Decoder) throws {
        let fields = try decoder.container(keyedBy: CodingKeys.self)
        name = try fields.text(.name)
        containerPort = try fields.decodeIfPresent(Int.self, forKey: .containerPort) ?? 0
        self.protocol = try fields.decodeIfPresent(String.self, forKey: .protocol) ?? "TCP"
    }
}

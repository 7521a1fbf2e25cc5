/// What the kubelet reports of a Pod.
package struct PodStatus: Hashable, Sendable, Decodable {
    /// `Pending`, `Running`, `Succeeded`, `Failed` or `Unknown`; empty before the kubelet has spoken.
    package var phase: String
    /// Empty before an address was assigned.
    package var podIP: String
    package var podIPs: [String]
    package var containerStatuses: [ContainerStatus]
    package var initContainerStatuses: [ContainerStatus]
    package var isReady: Bool

    package init(
        phase: String = "", podIP: String = "", podIPs: [String] = [], containerStatuses: [ContainerStatus] = [],
        initContainerStatuses: [ContainerStatus] = [], isReady: Bool = false
    ) {
        self.phase = phase
        self.podIP = podIP
        self.podIPs = podIPs
        self.containerStatuses = containerStatuses
        self.initContainerStatuses = initContainerStatuses
        self.isReady = isReady
    }

    private enum CodingKeys: CodingKey {
        case phase, podIP, podIPs, containerStatuses, initContainerStatuses, conditions
    }

    private struct Address: Decodable { var ip: String? }

    /// Pod conditions lack fields that `metav1.Condition` has.
    private struct PodCondition: Decodable {
        var type: String?
        var status: String?
    }

    package init(from decoder: any Decoder) throws {
        let fields = try decoder.container(keyedBy: CodingKeys.self)
        phase = try fields.text(.phase)
        podIP = try fields.text(.podIP)
        let addresses: [Address] = try fields.list(.podIPs)
        podIPs = addresses.compactMap(\.ip)
        containerStatuses = try fields.list(.containerStatuses)
        initContainerStatuses = try fields.list(.initContainerStatuses)
        let conditions: [PodCondition] = try fields.list(.conditions)
        isReady = conditions.contains { $0.type == "Ready" && $0.status == "True" }
    }
}

package struct ContainerStatus: Hashable, Sendable, Decodable {
    package var name: String
    /// `containerd://…`; empty before the first start.
    package var containerID: String
    package var restartCount: Int
    package var ready: Bool

    package init(name: String, containerID: String = "", restartCount: Int = 0, ready: Bool = false) {
        self.name = name
        self.containerID = containerID
        self.restartCount = restartCount
        self.ready = ready
    }

    private enum CodingKeys: CodingKey { case name, containerID, restartCount, ready }

    package init(from decoder: any Decoder) throws {
        let fields = try decoder.container(keyedBy: CodingKeys.self)
        name = try fields.text(.name)
        containerID = try fields.text(.containerID)
        restartCount = try fields.decodeIfPresent(Int.self, forKey: .restartCount) ?? 0
        ready = try fields.flag(.ready)
    }
}

package import Effects
import KubeAPI

/// Which addresses may be contacted.
///
/// Whoever can write EndpointSlices must not be able to aim the operator elsewhere.
package struct AddressPolicy: Sendable {
    package var allowsHostNetwork = false
    /// Ranges in which endpoints without a Pod are allowed.
    ///
    /// Loopback takes a range within loopback: a wide one does not open it.
    package var allowed: [CIDR] = []
    /// Whether an endpoint, as `address:port`, is one of the only ones, where the operator has servers of its own: `local`.
    package var exactly: (@Sendable (String) -> Bool)?
    /// Addresses that are never contacted, whatever allows them: those of the API server.
    package var refused: Set<IPAddress> = []

    package init() {}

    /// Why the endpoint must not be contacted; nil where it may be.
    ///
    /// `pod` is the Pod that the endpoint names, checked against its UID and namespace by the caller.
    func refusal(of text: String, port: Int, pod: Pod?) -> String? {
        guard let address = IPAddress(text) else { return "\(text) is no IP address" }
        if let exactly {
            return exactly("\(text):\(port)") ? nil : "\(text) is not one of this machine's servers"
        }
        if refused.contains(address) { return "\(text) is the API server's own address" }
        let ranges = allowed.filter { $0.contains(address) }
        if let special = Self.special.first(where: { $0.contains(address) }),
            !Self.loopback.contains(special) || !ranges.contains(where: { special.contains($0) })
        {
            return "\(text) is a loopback, link-local, multicast or unspecified address"
        }
        guard let pod else {
            return !ranges.isEmpty ? nil : "\(text) belongs to no Pod; allow its range with --allow-endpoint-cidr"
        }
        let addresses = pod.status.podIPs + [pod.status.podIP]
        guard addresses.contains(where: { $0 == text || IPAddress($0) == address }) else {
            return "\(text) is not an address of Pod \(pod.metadata.name)"
        }
        if pod.spec.hostNetwork, !allowsHostNetwork {
            return "Pod \(pod.metadata.name) uses the host's network; allow that with --allow-host-network"
        }
        return nil
    }

    private static let loopback = ["127.0.0.0/8", "::1/128"].compactMap(CIDR.init)

    private static let special =
        loopback
        + ["0.0.0.0/8", "169.254.0.0/16", "224.0.0.0/4", "255.255.255.255/32", "::/128", "fe80::/10", "ff00::/8"]
        .compactMap(CIDR.init)
}

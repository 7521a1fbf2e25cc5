import KubeSimulator
import VLLMSimulator

extension World {
    /// Ends a server's trouble.
    func calm(_ pod: SimulatedPod) {
        pod.change { $0.trouble = nil }
        ServerTrouble.end(on: pod.server)
        network.changeLink(to: pod.authority) { $0.fault = nil }
    }

    func restoreService(_ service: String) {
        guard !now.services.contains(service) else { return }
        do { try createService(service) } catch { violate("environment", "\(error)") }
    }

    /// Ends every fault, of servers, network and API server.
    func heal() {
        simulation.trace("-- heal")
        change { state in
            (state.sightedAt, state.isHealed) = (simulation.now, true)
            (state.forbidden, state.unserved) = (nil, nil)
        }
        kube.setFault(nil)
        network.heal()
        for service in ["a", "b"] {
            restoreService(service)
            do {
                try renamePort(of: service, to: "http")
                if now.targetPorts[service] != nil { try retarget(service, to: nil) }
            } catch {
                violate("environment", "\(error)")
            }
        }
        for secret in Self.secrets { storeKey(in: secret) }
        for pod in pods {
            calm(pod)
            if pod.server.apiKey != now.apiKey { giveKey(to: pod) }
            pod.change { $0.isReady = true }
            pod.server.reconfigure { server in
                server.loadDuration = .milliseconds(50)
                server.files = files
            }
            publishLater(pod)
        }
    }
}

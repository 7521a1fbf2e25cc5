import DynamicJSON
import FoundationEssentials
import KubeSimulator
import VLLMSimulator

/// The key that servers demand, and the Secrets that hold it.
extension World {
    /// Both hold the same key: ways to the same servers that are never shared.
    static let secrets = ["key-a", "key-b"]

    /// How each key begins, so that it is seen wherever it leaks.
    static let keyPrefix = "s3cret-"

    /// From now on servers demand `key`: new ones do, and the others when ``giveKey(to:)`` starts them anew.
    func demandKey(_ key: String) { change { $0.apiKey = key } }

    /// Starts a server anew with the key that is demanded now.
    func giveKey(to pod: SimulatedPod) {
        guard now.pods[pod.name]?.uid == pod.uid else { return }
        let key = now.apiKey
        pod.server.reconfigure { $0.apiKey = key }
        restart(pod)
    }

    /// Writes the key that is demanded now into a Secret, and makes it where it is missing.
    func storeKey(in secret: String) {
        guard let key = now.apiKey else { return }
        let data: JSONValue = ["token": .string(Data(key.utf8).base64EncodedString())]
        do {
            guard var object = kube.get("secrets", namespace: Self.namespace, name: secret) else {
                try kube.create([
                    "apiVersion": "v1", "kind": "Secret", "data": data,
                    "metadata": ["name": .string(secret), "namespace": .string(Self.namespace)],
                ])
                return
            }
            object["data"] = data
            try kube.replace(object)
        } catch {
            violate("environment", "\(error)")
        }
    }
}

import AdapterPlanning
import Effects
import KubeAPI
import VLLMAPI

/// Reads the Secrets that a connection names: at first use and after a refusal, never in advance.
struct Credentials: Sendable {
    /// Why a connection cannot be made; a person has to mend it.
    struct Problem: Error {
        var reason: Reason
        var message: String
    }

    private let client: KubeClient
    private let defaultAPIKey: String?
    /// Whether a Secret must carry ``label`` to be used: then who may create a LoRAAdapter decides nothing about the rest.
    private let requiresLabel: Bool

    /// What the owner of a Secret says with it: adapters may name this one.
    static let label = (name: "lora-operator.dev/secret", value: "allowed")

    init(client: KubeClient, options: OperatorOptions) {
        self.client = client
        defaultAPIKey = options.defaultAPIKey
        requiresLabel = options.requiresSecretLabel
    }

    /// - Throws: ``Problem``, or `APIError` where the API server could not be asked.
    func endpoint(for connection: Connection) async throws -> VLLMEndpoint {
        var tls = TLSOptions()
        if let reference = connection.authority {
            tls.authorities = try await bytes(reference, in: connection.namespace)
        }
        if !connection.serverName.isEmpty { tls.serverName = connection.serverName }
        var key = defaultAPIKey
        if let reference = connection.apiKey {
            let text = String(decoding: try await bytes(reference, in: connection.namespace), as: UTF8.self)
            key = text.trimmed
            guard key?.isEmpty == false else {
                throw Problem(
                    reason: .secretInvalid, message: "key \(reference.key) of Secret \(reference.name) is empty")
            }
        }
        return VLLMEndpoint(baseURL: connection.baseURL, apiKey: key, tls: tls)
    }

    private func bytes(_ reference: AdapterSpec.KeyReference, in namespace: String) async throws -> [UInt8] {
        let secret: Secret
        do {
            secret = try await client.get(Secret.self, NamespacedName(namespace: namespace, name: reference.name))
        } catch let error as APIError where error.isNotFound {
            throw Problem(reason: .secretNotFound, message: "Secret \(reference.name) does not exist")
        } catch APIError.forbidden {
            throw Problem(reason: .secretInvalid, message: "the operator may not read Secret \(reference.name)")
        }
        guard !requiresLabel || secret.metadata.labels[Self.label.name] == Self.label.value else {
            throw Problem(
                reason: .secretInvalid,
                message: "Secret \(reference.name) lacks the label \(Self.label.name)=\(Self.label.value)")
        }
        guard let data = secret.data[reference.key] else {
            throw Problem(
                reason: .secretInvalid, message: "Secret \(reference.name) has no key \(reference.key)")
        }
        return Array(data)
    }
}

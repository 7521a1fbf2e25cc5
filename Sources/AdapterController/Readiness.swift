import Effects
package import KubeAPI
import Synchronization

/// What the operator still waits for, in words for `/readyz` and for who starts it.
package final class Readiness: Sendable {
    private struct State {
        var hasSynced = false
        var waits: [String: Wait] = [:]
    }

    private struct Wait {
        var text: String
        /// What is to be done, else what is wrong: texts may tell milliseconds.
        var cause: String

        init(_ error: APIError) {
            text = "\(error)\(error.remedy.isEmpty ? "" : ": ")\(error.remedy)"
            cause = error.remedy.isEmpty ? text : error.remedy
        }
    }

    private let state = Mutex(State())

    package init() {}

    func synced() { state.withLock { $0.hasSynced = true } }

    func reads(_ plural: String) { state.withLock { $0.waits[plural] = nil } }

    /// Returns whether that is news.
    func waits(for plural: String, _ error: APIError) -> Bool {
        let wait = Wait(error)
        return state.withLock { state in
            defer { state.waits[plural] = wait }
            return state.waits[plural]?.cause != wait.cause
        }
    }

    /// One line for each thing that is missing; none once everything was read for the first time.
    package var missing: [String] {
        state.withLock { state in
            if state.hasSynced { return [] }
            // Adapters are loaded whether or not models can be shown.
            let plurals = state.waits.keys.filter { $0 != ServedModel.resource.plural }
            let texts = plurals.sorted().compactMap { state.waits[$0]?.text }
            return texts.isEmpty ? ["reading the objects of the cluster"] : texts
        }
    }
}

extension APIError {
    /// What to do about it; empty where waiting is all there is.
    package var remedy: String {
        switch self {
        case .notFound: "install the CRDs with: kubectl apply -f crds/"
        case .forbidden: "grant the verbs get, list and watch; deploy/ holds the roles"
        case .unauthorized: "check the token or client certificate"
        case .transport(let failure, _) where failure.kind == .connectionRefused: "check that the API server runs there"
        case .transport(let failure, _) where failure.kind == .tls: "check the certificate authority in the kubeconfig"
        default: ""
        }
    }
}

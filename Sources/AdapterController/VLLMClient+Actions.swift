import AdapterPlanning
import VLLMAPI

extension VLLMClient {
    /// The list of a healthy server: a crashed engine answers `/v1/models` for some seconds more.
    func healthyModels() async throws -> ModelList {
        try await health()
        return try await models()
    }

    /// How long an unload may take; it only forgets a name.
    static let unloadTimeout = Duration.seconds(30)

    /// Sends what `action` asks for and says what came of it.
    func outcome(of action: ServerAction) async -> Attempt.Outcome {
        do {
            switch action {
            case .load(let name, let path, let is3D, let timeout):
                try await load(name: name, path: path, is3D: is3D, timeout: timeout)
            case .replace(let name, _, let path, let is3D, inPlace: true, _, let timeout):
                try await load(name: name, path: path, is3D: is3D, inPlace: true, timeout: timeout)
            case .unload(let name, _):
                try await unload(name: name, timeout: Self.unloadTimeout)
            case .replace(let name, _, let path, let is3D, inPlace: false, _, let timeout):
                do {
                    try await unload(name: name, timeout: Self.unloadTimeout)
                } catch let error as VLLMError where error.reason == .notLoaded {
                    // Gone already: the load can follow.
                } catch let error as VLLMError {
                    // No load was sent, so none is to be looked up, whatever became of the unload.
                    let reason = Reason(error)
                    return .failed(
                        Attempt.Failure(reason.reasonClass == .failed ? reason : .unloadFailed, error.message))
                }
                try await load(name: name, path: path, is3D: is3D, timeout: timeout)
            }
            return .answered
        } catch let error as VLLMError {
            return Attempt.Outcome(error, of: action)
        } catch {
            return .unknown
        }
    }
}

extension Attempt.Outcome {
    fileprivate init(_ error: VLLMError, of action: ServerAction) {
        if error.reason == .alreadyLoaded, action.inPlace {
            // vLLM before 0.15 does not know the field, and refuses a name that it has.
            self = .failed(
                Attempt.Failure(
                    .inPlaceUnsupported,
                    "this vLLM replaces nothing in place, which takes 0.15; set spec.update.strategy to Recreate"))
        } else if error.reason == .alreadyLoaded || error.reason == .notLoaded {
            // Sent and understood, but it proves nothing: the next list decides.
            self = .answered
        } else if error.outcomeIsUnknown {
            self = .unknown
        } else {
            let reason = Reason(error)
            let transient = action.isLoad ? Reason.loadFailed : .unloadFailed
            self = .failed(Attempt.Failure(reason.reasonClass == .failed ? reason : transient, error.message))
        }
    }
}

extension Reason {
    /// The client's reasons carry the names of the contract.
    init(_ error: VLLMError) { self = Reason(rawValue: error.reason.rawValue) ?? .serverError }
}

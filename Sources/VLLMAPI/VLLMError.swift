import Effects

/// Why a request to a model server did not do what it was sent for.
package struct VLLMError: Error, Hashable, Sendable, CustomStringConvertible {
    /// Raw values are the reasons of the user-facing contract, but for the last two.
    package enum Reason: String, Hashable, Sendable, CaseIterable {
        case connectionRefused = "ConnectionRefused"
        case connectTimeout = "ConnectTimeout"
        case requestTimeout = "RequestTimeout"
        case nameResolutionFailed = "NameResolutionFailed"
        case tlsFailed = "TLSFailed"
        case connectionReset = "ConnectionReset"
        /// The engine behind the API is dead or dying, also where `/v1/models` still answers.
        case engineUnhealthy = "EngineUnhealthy"
        case unauthorized = "Unauthorized"
        /// Something else answers there, or nothing that serves a base model.
        case notVLLM = "NotVLLM"
        /// An answer of vLLM's kind that cannot be believed: cut off, or of the wrong shape.
        case invalidResponse = "InvalidResponse"
        case responseTooLarge = "ResponseTooLarge"
        case unexpectedRedirect = "UnexpectedRedirect"
        case serverError = "ServerError"
        /// The API key cannot be sent in a header, or a certificate is none.
        case secretInvalid = "SecretInvalid"
        /// The server runs without `VLLM_ALLOW_RUNTIME_LORA_UPDATING`.
        case runtimeUpdatingDisabled = "RuntimeUpdatingDisabled"
        /// The server runs without `--enable-lora`.
        case loraDisabled = "LoRADisabled"
        case pathNotFound = "PathNotFound"
        case rankTooLarge = "RankTooLarge"
        case invalidAdapter = "InvalidAdapter"
        case nameCollidesWithBaseModel = "NameCollidesWithBaseModel"
        /// A load failed for a reason that may pass.
        case loadFailed = "LoadFailed"
        /// An unload failed for a reason that may pass.
        case unloadFailed = "UnloadFailed"
        /// The name is taken, by whatever path: a request that worked and proves nothing. The next list decides.
        case alreadyLoaded = "AlreadyLoaded"
        /// There was nothing to unload: a request that worked and proves nothing. The next list decides.
        case notLoaded = "NotLoaded"
    }

    package var reason: Reason
    /// For people: one line without control characters, at most 256 bytes, never with the API key.
    package var message: String
    /// True where a load or an unload may have been done all the same.
    package var outcomeIsUnknown: Bool

    package init(_ reason: Reason, _ message: String, outcomeIsUnknown: Bool = false) {
        self.reason = reason
        self.message = message
        self.outcomeIsUnknown = outcomeIsUnknown
    }

    package var description: String { "\(reason.rawValue): \(message)" }
}

extension VLLMError.Reason {
    /// What an exchange without a complete answer means, whatever the request was.
    init(_ failure: HTTPFailure) {
        self =
            switch failure.kind {
            case .nameResolution: .nameResolutionFailed
            case .connectionRefused, .connectFailed: .connectionRefused
            case .connectTimeout: .connectTimeout
            case .tls: .tlsFailed
            case .requestTimeout, .idleTimeout: .requestTimeout
            case .reset: .connectionReset
            case .tooLarge: .responseTooLarge
            case .invalidResponse, .gateClosed: .invalidResponse
            case .invalidRequest: .secretInvalid
            }
    }
}

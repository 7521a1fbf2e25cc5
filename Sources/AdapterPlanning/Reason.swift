/// Why a server or an object is in its state: the closed set that users see in conditions.
package enum Reason: String, Codable, Hashable, Sendable, CaseIterable {
    // ok
    case loaded = "Loaded"
    case onDemand = "OnDemand"
    case observed = "Observed"

    // blind: no answer
    case connectionRefused = "ConnectionRefused"
    case connectTimeout = "ConnectTimeout"
    case requestTimeout = "RequestTimeout"
    case nameResolutionFailed = "NameResolutionFailed"
    case tlsFailed = "TLSFailed"
    case connectionReset = "ConnectionReset"
    // blind: an answer that says nothing about adapters
    case engineUnhealthy = "EngineUnhealthy"
    case unauthorized = "Unauthorized"
    case notVLLM = "NotVLLM"
    case invalidResponse = "InvalidResponse"
    case responseTooLarge = "ResponseTooLarge"
    case unexpectedRedirect = "UnexpectedRedirect"
    case serverError = "ServerError"
    case inconsistentReplica = "InconsistentReplica"
    case secretNotFound = "SecretNotFound"
    case secretInvalid = "SecretInvalid"

    // failed
    case runtimeUpdatingDisabled = "RuntimeUpdatingDisabled"
    case loraDisabled = "LoRADisabled"
    case pathNotFound = "PathNotFound"
    case pathNotAllowed = "PathNotAllowed"
    case rankTooLarge = "RankTooLarge"
    case invalidAdapter = "InvalidAdapter"
    case baseModelMismatch = "BaseModelMismatch"
    case nameCollidesWithBaseModel = "NameCollidesWithBaseModel"
    case inPlaceUnsupported = "InPlaceUnsupported"
    case invalidSpec = "InvalidSpec"

    // conflict
    case foreignAdapter = "ForeignAdapter"
    case duplicateName = "DuplicateName"
    case conflictingWriter = "ConflictingWriter"

    // work
    case loadInProgress = "LoadInProgress"
    case updateInProgress = "UpdateInProgress"
    case awaitingServers = "AwaitingServers"
    case loadTimedOut = "LoadTimedOut"
    case loadNotConfirmed = "LoadNotConfirmed"
    case loadFailed = "LoadFailed"
    case unloadPending = "UnloadPending"
    case unloadFailed = "UnloadFailed"

    // object
    case serviceNotFound = "ServiceNotFound"
    case serviceNotSupported = "ServiceNotSupported"
    case portNotFound = "PortNotFound"
    case noServers = "NoServers"
    case endpointRefused = "EndpointRefused"
    case suspended = "Suspended"
}

/// What a reason means for the next step.
package enum ReasonClass: Int, Hashable, Sendable, Comparable {
    // In the order in which the worst server is chosen.
    case conflict
    case failed
    case work
    case blind
    case ok
    case object

    package static func < (a: ReasonClass, b: ReasonClass) -> Bool { a.rawValue < b.rawValue }
}

extension Reason {
    package var reasonClass: ReasonClass {
        switch self {
        case .loaded, .onDemand, .observed: .ok
        case .connectionRefused, .connectTimeout, .requestTimeout, .nameResolutionFailed, .tlsFailed, .connectionReset,
            .engineUnhealthy, .unauthorized, .notVLLM, .invalidResponse, .responseTooLarge, .unexpectedRedirect,
            .serverError, .inconsistentReplica, .secretNotFound, .secretInvalid:
            .blind
        case .runtimeUpdatingDisabled, .loraDisabled, .pathNotFound, .pathNotAllowed, .rankTooLarge, .invalidAdapter,
            .baseModelMismatch, .nameCollidesWithBaseModel, .inPlaceUnsupported, .invalidSpec:
            .failed
        case .foreignAdapter, .duplicateName, .conflictingWriter: .conflict
        case .loadInProgress, .updateInProgress, .awaitingServers, .loadTimedOut, .loadNotConfirmed, .loadFailed,
            .unloadPending, .unloadFailed:
            .work
        case .serviceNotFound, .serviceNotSupported, .portNotFound, .noServers, .endpointRefused, .suspended: .object
        }
    }

    /// True where no answer came at all; false where an answer came that says nothing about adapters.
    package var isNoAnswer: Bool {
        switch self {
        case .connectionRefused, .connectTimeout, .requestTimeout, .nameResolutionFailed, .tlsFailed, .connectionReset:
            true
        default: false
        }
    }

    /// Blind causes that only a person can mend, so that waiting is not progress.
    package var needsPerson: Bool {
        switch self {
        case .unauthorized, .secretNotFound, .secretInvalid, .tlsFailed, .notVLLM: true
        default: false
        }
    }
}

import Effects

/// Which request an answer belongs to.
enum VLLMOperation {
    case health
    /// `/v1/models`, `/version` and `/metrics`.
    case read
    case load(name: String)
    case unload(name: String)

    /// The reason where a load or an unload may work another time.
    var transientFailure: VLLMError.Reason {
        switch self {
        case .health, .read: .serverError
        case .load: .loadFailed
        case .unload: .unloadFailed
        }
    }

    var isEffect: Bool {
        switch self {
        case .health, .read: false
        case .load, .unload: true
        }
    }
}

/// The one place that tells vLLM's refusals apart: by status and type, and by text only where vLLM gives nothing else.
extension VLLMError {
    /// What an answer other than 2xx means.
    init(_ reply: HTTPReply, to operation: VLLMOperation, hiding secret: String?) {
        let body = VLLMErrorBody(reply)
        let status = reply.head.status
        let text = body.isMarkup ? "a web page" : body.message ?? body.type ?? "no reason given"
        message = SafeMessage.make("HTTP \(status): \(text)", hiding: secret)
        reason = Self.reason(status, body, operation)
        // Where a proxy gave up, the server may go on.
        outcomeIsUnknown = operation.isEffect && reason == operation.transientFailure && status >= 500
    }

    private static let engineIsDead = "EngineCore encountered an issue"

    private static func reason(_ status: Int, _ body: VLLMErrorBody, _ operation: VLLMOperation) -> Reason {
        switch status {
        case 300..<400: return .unexpectedRedirect
        case 401, 403: return .unauthorized
        // 400 from a load before vLLM 0.18, 500 from anything since.
        case 400 where body.says(engineIsDead), 500 where body.says(engineIsDead): return .engineUnhealthy
        default: break
        }
        switch operation {
        case .health:
            if status == 500 || status == 503 { return .engineUnhealthy }
            return status > 500 ? .serverError : .notVLLM
        case .read:
            if status >= 500 { return .serverError }
            return status == 404 ? .notVLLM : .invalidResponse
        case .load(let name): return refusedLoad(status, body.without(name)) ?? operation.transientFailure
        case .unload:
            guard status == 404 else { return operation.transientFailure }
            if body.isDetail { return .runtimeUpdatingDisabled }
            return body.type == "NotFoundError" ? .notLoaded : operation.transientFailure
        }
    }

    private static func refusedLoad(_ status: Int, _ body: VLLMErrorBody) -> Reason? {
        switch status {
        case 404 where body.isDetail: .runtimeUpdatingDisabled
        case 404 where body.type == "NotFoundError": .pathNotFound
        case 400 where body.says("has already been loaded"): .alreadyLoaded
        case 400 where body.says("conflicts with a served base model"): .nameCollidesWithBaseModel
        case 400 where body.isMarkup, 500 where body.isMarkup: nil
        // 400 before vLLM 0.18, 500 since.
        case 400 where body.says("LoRA is not enabled"), 500 where body.says("LoRA is not enabled"): .loraDisabled
        case 400 where body.says("is greater than max_lora_rank"), 500 where body.says("is greater than max_lora_rank"):
            .rankTooLarge
        case 400, 422, 500: .invalidAdapter
        default: nil
        }
    }
}

extension VLLMErrorBody {
    fileprivate func says(_ text: String) -> Bool { message?.contains(text) == true }

    /// The message without the adapter's name, which might hold one of the texts looked for.
    fileprivate func without(_ name: String) -> VLLMErrorBody {
        var body = self
        body.message = message?.replacing("'\(name)'", with: "")
        return body
    }
}

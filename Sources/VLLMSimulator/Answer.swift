import Effects
import FoundationEssentials

/// One of vLLM's answers, before a version gives it its shape.
enum Answer: Sendable {
    /// 200 with plain text and no content type, as loads and unloads are confirmed.
    case text(String)
    case empty(status: Int)
    case json(String)
    case error(status: Int, type: String, message: String, param: String? = nil)
    /// The web framework's own: no such route, no such method.
    case detail(status: Int, String, allow: String? = nil)
    case unauthorized
    case redirect(String)
    case metrics(String)

    func response(_ version: VLLMVersion) -> HTTPResponse {
        switch self {
        case .text(let text): Self.response(200, nil, text)
        case .empty(let status): HTTPResponse(status: status)
        case .json(let text): Self.response(200, "application/json", text)
        case .error(let status, let type, let message, let param):
            Self.response(status, "application/json", Self.error(version, status, type, message, param))
        case .detail(let status, let text, let allow):
            HTTPResponse(
                status: status,
                headers: (allow.map { [HTTPHeader("allow", $0)] } ?? [])
                    + [HTTPHeader("content-type", "application/json")],
                body: Array("{\"detail\":\(text.json)}".utf8))
        case .unauthorized: Self.response(401, "application/json", #"{"error":"Unauthorized"}"#)
        case .redirect(let location): HTTPResponse(status: 307, headers: [HTTPHeader("location", location)])
        case .metrics(let text): Self.response(200, "text/plain; version=1.0.0; charset=utf-8", text)
        }
    }

    private static func response(_ status: Int, _ contentType: String?, _ body: String) -> HTTPResponse {
        HTTPResponse(
            status: status, headers: contentType.map { [HTTPHeader("content-type", $0)] } ?? [],
            body: Array(body.utf8))
    }

    private static func error(
        _ version: VLLMVersion, _ status: Int, _ type: String, _ message: String, _ param: String?
    ) -> String {
        let fields =
            "\"message\":\(message.json),\"type\":\(type.json),\"param\":\(param?.json ?? "null"),\"code\":\(status)"
        return version.nestsErrors ? "{\"error\":{\(fields)}}" : "{\"object\":\"error\",\(fields)}"
    }
}

extension String {
    /// The text as a JSON string.
    var json: String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = .withoutEscapingSlashes
        // A string always can be encoded.
        guard let data = try? encoder.encode(self) else { return "\"\"" }
        return String(decoding: data, as: UTF8.self)
    }
}

extension Answer {
    static let noRoute = Answer.detail(status: 404, "Not Found")

    private static let engineDeadText =
        "EngineCore encountered an issue. See stack trace (above) for the root cause."

    static let engineDead = Answer.error(status: 500, type: "InternalServerError", message: engineDeadText)

    /// The same to a load, which vLLM before 0.18 counts among the bad ones.
    static func engineDead(_ version: VLLMVersion) -> Answer { failedLoad(engineDeadText, version) }

    static func alreadyLoaded(_ name: String, _ version: VLLMVersion) -> Answer {
        let advice =
            version.knowsInPlace ? " If you want to load the adapter in place, set 'load_inplace' to True." : ""
        return .invalidInput("The lora adapter '\(name)' has already been loaded.\(advice)")
    }

    static func notLoaded(_ name: String) -> Answer {
        .error(status: 404, type: "NotFoundError", message: "The lora adapter '\(name)' cannot be found.")
    }

    static func collides(_ name: String) -> Answer {
        .invalidInput("The lora adapter '\(name)' conflicts with a served base model.")
    }

    static func pathNotFound(_ name: String, _ path: String, _ version: VLLMVersion) -> Answer {
        let shown = version.hidesPaths ? hidingPaths(path) : path
        return .error(
            status: 404, type: "NotFoundError", message: "Loading lora \(name) failed: No adapter found for \(shown)")
    }

    /// A load that the engine refused.
    static func workerFailed(_ text: String, _ version: VLLMVersion) -> Answer {
        failedLoad(
            "Call to add_lora method failed: Worker failed with error '\(text)', please check the stack trace "
                + "above for the root cause", version)
    }

    private static func failedLoad(_ message: String, _ version: VLLMVersion) -> Answer {
        version.failsWith500
            ? .error(status: 500, type: "InternalServerError", message: message)
            : .error(status: 400, type: "BadRequestError", message: message)
    }

    static func unknownModel(_ name: String, _ configuration: ServerConfiguration) -> Answer {
        let aliases =
            configuration.version.namesAliases
            ? " Valid aliases: \(configuration.servedNames.joined(separator: ", "))." : ""
        return .error(
            status: 404, type: "NotFoundError", message: "The model `\(name)` does not exist.\(aliases)", param: "model"
        )
    }

    static func invalidInput(_ message: String) -> Answer {
        .error(status: 400, type: "InvalidUserInput", message: message)
    }

    /// From the first directory that vLLM takes for a local one to the end.
    private static func hidingPaths(_ path: String) -> String {
        let starts = ["/home/", "/usr/", "/opt/", "/var/", "/tmp/", "/root/", "/lib/", "/mnt/", "/srv/"]
            .compactMap { path.firstRange(of: $0)?.lowerBound }
        return starts.min().map { path[..<$0] + "<path>" } ?? path
    }
}

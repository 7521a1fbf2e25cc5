import DynamicJSON
import Effects
import FoundationEssentials

/// A JSON body, checked field by field as vLLM's web framework does it.
struct RequestFields {
    private var object: [String: JSONValue] = [:]
    private var faults: [Fault] = []

    private struct Fault {
        var type: String
        var location: String
        var message: String
        var input: String
        var context = ""
    }

    /// Throws the answer to a body that is no JSON object.
    init(_ request: HTTPRequest, _ version: VLLMVersion) throws(Refusal) {
        let type = request.headers.first(named: "content-type")?.split(separator: ";").first
        guard type?.lowercased() == "application/json" else {
            let message = "1 validation error:\n  Unsupported Media Type: Only 'application/json' is allowed"
            throw Refusal(.error(status: 400, type: Self.errorType(version), message: message))
        }
        var body = request.body ?? []
        if body.starts(with: [0xef, 0xbb, 0xbf]) { body.removeFirst(3) }
        guard !body.isEmpty else {
            throw Self.refusal(version, Fault(type: "missing", location: "", message: "Field required", input: "None"))
        }
        guard let value = try? JSONDecoder().decode(JSONValue.self, from: Data(body)) else {
            throw Self.refusal(
                version,
                Fault(
                    type: "json_invalid", location: ".\(body.count)", message: "JSON decode error",
                    input: "<dict of 0 items>",
                    context: ", 'ctx': {'error': 'Expecting property name enclosed in double quotes'}"))
        }
        guard case .object(let object) = value else {
            let message = "Input should be a valid dictionary or object to extract fields from"
            throw Self.refusal(
                version,
                Fault(type: "model_attributes_type", location: "", message: message, input: value.shown))
        }
        self.object = object
    }

    /// An answer that ends the reading of a request.
    struct Refusal: Error {
        var answer: Answer

        init(_ answer: Answer) { self.answer = answer }
    }

    mutating func string(_ key: String) -> String {
        switch object[key] {
        case .string(let text): return text
        case nil:
            faults.append(
                Fault(
                    type: "missing", location: ".\(key)", message: "Field required",
                    input: JSONValue.object(object).shown))
        case .some(let value):
            faults.append(
                Fault(
                    type: "string_type", location: ".\(key)", message: "Input should be a valid string",
                    input: value.shown))
        }
        return ""
    }

    func optionalString(_ key: String) -> String? {
        if case .string(let text) = object[key] { text } else { nil }
    }

    mutating func flag(_ key: String) -> Bool {
        guard let value = object[key] else { return false }
        if let flag = value.flag { return flag }
        var fault = Fault(
            type: "bool_type", location: ".\(key)", message: "Input should be a valid boolean", input: value.shown)
        if case .string = value {
            fault.type = "bool_parsing"
            fault.message += ", unable to interpret input"
        }
        faults.append(fault)
        return false
    }

    /// A number that nothing uses.
    mutating func checkInteger(_ key: String) {
        guard case .string(let text) = object[key], Int(text) == nil else { return }
        faults.append(
            Fault(
                type: "int_parsing", location: ".\(key)",
                message: "Input should be a valid integer, unable to parse string as an integer", input: text))
    }

    /// Throws the answer to all the faults found.
    func check(_ version: VLLMVersion) throws(Refusal) {
        if !faults.isEmpty { throw Self.refusal(version, faults) }
    }

    private static func refusal(_ version: VLLMVersion, _ fault: Fault) -> Refusal { refusal(version, [fault]) }

    private static func refusal(_ version: VLLMVersion, _ faults: [Fault]) -> Refusal {
        let lines = faults.map { fault in
            "\n  {'type': '\(fault.type)', 'loc': 'body\(fault.location)', 'msg': '\(fault.message)', "
                + "'input': '\(fault.input)'\(fault.context)}"
        }
        let count = faults.count == 1 ? "1 validation error:" : "\(faults.count) validation errors:"
        return Refusal(
            .error(
                status: 400, type: errorType(version), message: count + lines.joined(),
                param: faults.first.map { "body\($0.location)" }))
    }

    private static func errorType(_ version: VLLMVersion) -> String {
        version.nestsErrors ? "Bad Request" : "BadRequestError"
    }
}

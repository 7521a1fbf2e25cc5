/// Any JSON value.
enum JSONValue: Decodable, Sendable {
    case null
    case flag(Bool)
    case number(Double)
    case string(String)
    case array([JSONValue])
    case object([String: JSONValue])

    init(from decoder: any Decoder) throws {
        if let object = try? [String: JSONValue](from: decoder) {
            self = .object(object)
        } else if let array = try? [JSONValue](from: decoder) {
            self = .array(array)
        } else {
            let value = try decoder.singleValueContainer()
            if value.decodeNil() {
                self = .null
            } else if let flag = try? value.decode(Bool.self) {
                self = .flag(flag)
            } else if let number = try? value.decode(Double.self) {
                self = .number(number)
            } else {
                self = .string(try value.decode(String.self))
            }
        }
    }

    /// As vLLM's messages show it.
    var shown: String {
        switch self {
        case .null: "None"
        case .flag(let flag): flag ? "True" : "False"
        case .number(let number): number == number.rounded() && abs(number) < 1e15 ? "\(Int(number))" : "\(number)"
        case .string(let text): text
        case .array(let array): "<list of \(array.count) items>"
        case .object(let object): "<dict of \(object.count) items>"
        }
    }

    /// What a field of type boolean takes it for.
    var flag: Bool? {
        switch self {
        case .flag(let flag): flag
        case .number(1): true
        case .number(0): false
        case .string(let text):
            switch text.lowercased() {
            case "true", "1", "yes", "on", "t", "y": true
            case "false", "0", "no", "off", "f", "n": false
            default: nil
            }
        default: nil
        }
    }
}

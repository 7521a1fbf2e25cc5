import DynamicJSON

extension JSONValue {
    /// As vLLM's messages show it.
    var shown: String {
        switch self {
        case .null: "None"
        case .bool(let flag): flag ? "True" : "False"
        case .int(let number): Self.shown(Double(number))
        case .double(let number): Self.shown(number)
        case .string(let text): text
        case .array(let array): "<list of \(array.count) items>"
        case .object(let object): "<dict of \(object.count) items>"
        }
    }

    private static func shown(_ number: Double) -> String {
        number == number.rounded() && abs(number) < 1e15 ? "\(Int(number))" : "\(number)"
    }

    /// What a field of type boolean takes it for.
    var flag: Bool? {
        switch self {
        case .bool(let flag): flag
        case .int(1), .double(1): true
        case .int(0), .double(0): false
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

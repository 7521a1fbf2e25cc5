import DynamicJSON

/// What `adapter_config.json` says, as far as it can be right or wrong.
struct AdapterConfiguration {
    var baseModel: String?
    var rank: Int?
    /// Ranks of single modules, by the end of their names.
    var rankPattern: [(module: String, rank: Int)] = []
    /// Nil where the modules are told by a pattern.
    var targetModules: [String]?
    private(set) var faults: [AdapterFault] = []

    /// Reads the file's bytes; what is missing or wrong is in ``faults``.
    init(_ bytes: [UInt8]) {
        if let problem = Self.encodingProblem(of: bytes) {
            refuse("adapter_config.json \(problem)")
            return
        }
        guard let json = JSONValue(parsing: bytes), let fields = json.objectValue else {
            refuse("adapter_config.json is not a JSON object")
            return
        }
        let type = fields["peft_type"]?.stringValue
        if type != "LORA" {
            refuse("peft_type is \(Self.quoted(fields["peft_type"])), not \"LORA\": vLLM would serve it all the same")
        }
        baseModel = fields["base_model_name_or_path"]?.stringValue
        readRank(fields)
        if fields["lora_alpha"]?.doubleValue == nil { refuse("lora_alpha is missing or no number") }
        readModules(fields["target_modules"])
        if fields["use_dora"]?.boolValue == true { refuse("use_dora is true: vLLM has no DoRA") }
        if let saved = fields["modules_to_save"], !saved.isNull, saved.arrayValue?.isEmpty != true {
            refuse("modules_to_save is \(Self.quoted(saved)): vLLM takes no whole modules from an adapter")
        }
        if let bias = fields["bias"]?.stringValue, bias != "none" {
            refuse("bias is \"\(excerpt(bias))\": vLLM takes no biases from an adapter; train with bias \"none\"")
        }
    }

    /// What Python's `json` would not read it for.
    private static func encodingProblem(of bytes: [UInt8]) -> String? {
        if bytes.starts(with: [0xFE, 0xFF]) || bytes.starts(with: [0xFF, 0xFE]) {
            return "is UTF-16: save it as UTF-8"
        }
        if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { return "begins with a byte order mark: save it without one" }
        return String(validating: bytes, as: UTF8.self) == nil ? "is not UTF-8" : nil
    }

    /// The rank of a module: that of the pattern that its name ends with, else `r`.
    func rank(of module: String) -> Int? {
        rankPattern.first { module == $0.module || module.hasSuffix("." + $0.module) }?.rank ?? rank
    }

    /// Whether a module may have a rank: where a pattern is a regular expression, which PEFT allows, nobody looks which
    /// modules it means.
    func allows(_ rank: Int, for module: String) -> Bool {
        rank == self.rank(of: module)
            || rankPattern.contains { $0.rank == rank && $0.module.contains(where: "\\[](){}*+?|^$".contains) }
    }

    private mutating func refuse(_ message: String) { faults.append(AdapterFault(.invalidAdapter, message)) }

    private mutating func readRank(_ fields: [String: JSONValue]) {
        if let value = fields["r"]?.intValue.flatMap(Int.init(exactly:)), value > 0 {
            rank = value
        } else {
            refuse("r is \(Self.quoted(fields["r"])): write the rank, a whole number above 0")
        }
        guard let pattern = fields["rank_pattern"], !pattern.isNull else { return }
        guard let entries = pattern.objectValue else { return refuse("rank_pattern is no object") }
        for (module, value) in entries.sorted(by: { $0.key < $1.key }) {
            if let value = value.intValue.flatMap(Int.init(exactly:)), value > 0 {
                rankPattern.append((module, value))
            } else {
                refuse("rank_pattern gives \(excerpt(module)) \(Self.quoted(value)): write a whole number above 0")
            }
        }
    }

    private mutating func readModules(_ value: JSONValue?) {
        switch value {
        case .string: break
        case .array(let items) where !items.isEmpty: targetModules = items.compactMap(\.stringValue)
        default: refuse("target_modules is missing or empty")
        }
    }

    private static func quoted(_ value: JSONValue?) -> String { value.map { excerpt($0.text) } ?? "missing" }
}

/// A text from a file, short and in printable characters.
func excerpt(_ text: String) -> String {
    let kept = String(
        text.unicodeScalars.filter { $0.value >= 32 && !(127..<160).contains($0.value) }.prefix(120).map(Character.init)
    )
    return kept.unicodeScalars.count < text.unicodeScalars.count ? kept + "…" : kept
}

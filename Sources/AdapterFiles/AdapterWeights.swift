/// The matrices of an adapter, by the module that they change.
struct AdapterWeights {
    struct Pair {
        /// Rank and inputs of `lora_A`.
        var a: [Int]?
        /// Outputs and rank of `lora_B`.
        var b: [Int]?
    }

    /// What PEFT puts before every name, and vLLM takes off.
    static let prefix = "base_model.model."

    private(set) var modules: [String: Pair] = [:]
    private(set) var faults: [AdapterFault] = []

    init(_ header: SafetensorsHeader) {
        var unprefixed: [String] = []
        var foreign: [String] = []
        for tensor in header.tensors {
            guard let (module, isA) = Self.module(of: tensor.name) else {
                foreign.append(tensor.name)
                continue
            }
            if !tensor.name.hasPrefix(Self.prefix) { unprefixed.append(tensor.name) }
            if isA {
                modules[module, default: Pair()].a = tensor.shape
            } else {
                modules[module, default: Pair()].b = tensor.shape
            }
        }
        if let name = unprefixed.first {
            refuse(
                "\(unprefixed.count) tensor names like \(excerpt(name)) lack \"\(Self.prefix)\": vLLM may take them and "
                    + "change nothing")
        }
        if let name = foreign.first {
            refuse("\(foreign.count) tensors like \(excerpt(name)) are no LoRA matrices, which vLLM refuses")
        }
        if modules.isEmpty, foreign.isEmpty { refuse("the weights hold no tensor") }
    }

    /// The module of a matrix and whether it is the first of its pair; nil for anything else.
    private static func module(of name: String) -> (String, isA: Bool)? {
        let bare = name.hasPrefix(prefix) ? name.dropFirst(prefix.count) : Substring(name)
        let ends = [
            ".lora_A.weight": true, ".lora_B.weight": false, ".lora_embedding_A": true, ".lora_embedding_B": false,
            ".lora_A.default.weight": true, ".lora_B.default.weight": false,
        ]
        for (end, isA) in ends where bare.hasSuffix(end) { return (String(bare.dropLast(end.count)), isA) }
        return nil
    }

    private mutating func refuse(_ message: String) { faults.append(AdapterFault(.invalidAdapter, message)) }

    /// Compares with what the configuration says; the first module that differs stands for all.
    mutating func compare(with configuration: AdapterConfiguration) {
        for (module, pair) in modules.sorted(by: { $0.key < $1.key }) {
            guard pair.a != nil, pair.b != nil else {
                refuse("\(excerpt(module)) has only one of lora_A and lora_B")
                break
            }
        }
        for (module, pair) in modules.sorted(by: { $0.key < $1.key }) {
            // MoE layers of three dimensions have their experts first.
            guard let rank = configuration.rank(of: module), let a = pair.a, let b = pair.b, a.count == 2, b.count == 2
            else { continue }
            let isAllowed = a[0] == b[1] && configuration.allows(a[0], for: module)
            if !isAllowed {
                refuse(
                    "\(excerpt(module)) has rank \(a[0]) in the weights and \(rank) in adapter_config.json: vLLM would "
                        + "serve it with the wrong scale")
                break
            }
        }
        guard let targets = configuration.targetModules else { return }
        let stray = modules.keys.sorted().first { module in
            !targets.contains { module == $0 || module.hasSuffix("." + $0) || $0 == "all-linear" }
        }
        if let stray { refuse("\(excerpt(stray)) is in the weights, but not in target_modules") }
    }

    mutating func compare(with base: BaseModel) {
        for (module, pair) in modules.sorted(by: { $0.key < $1.key }) {
            let inputs = pair.a.flatMap { $0.count == 2 ? $0[1] : nil }
            let outputs = pair.b.flatMap { $0.count == 2 ? $0[0] : nil }
            if let fault = base.fault(of: module, inputs: inputs, outputs: outputs) {
                refuse(fault)
                break
            }
        }
    }
}

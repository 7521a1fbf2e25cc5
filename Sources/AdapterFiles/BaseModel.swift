/// The base model that adapters are held to: its name, and its tensors where its files can be found.
package struct BaseModel: Sendable {
    var name: String
    /// Shapes by tensor name.
    private var shapes: [String: [Int]] = [:]
    /// The last words of all modules, like `q_proj`.
    private var modules: Set<String> = []

    /// A base model called `name`, which may also be the path of its directory.
    ///
    /// A relative path is looked for here, then beside the directories that hold `adapters`, as in an archive of models
    /// and adapters. Without files only names are compared.
    package init(_ name: String, beside adapters: String) {
        self.name = name
        guard let directory = Self.directory(name, beside: adapters) else { return }
        for file in names(in: directory) ?? [] where file.hasSuffix(".safetensors") {
            guard let file = try? ReadableFile("\(directory)/\(file)"), let header = try? SafetensorsHeader(file) else {
                continue
            }
            for tensor in header.tensors {
                shapes[tensor.name] = tensor.shape
                let words = tensor.name.split(separator: ".")
                if words.count >= 2 { modules.insert(String(words[words.count - 2])) }
            }
        }
    }

    private static func directory(_ name: String, beside adapters: String) -> String? {
        if PathKind(name) == .directory { return name }
        guard !name.hasPrefix("/") else { return nil }
        var parent = Substring(adapters)
        while let slash = parent.lastIndex(of: "/") {
            parent = parent[..<slash]
            if PathKind("\(parent)/\(name)") == .directory { return "\(parent)/\(name)" }
        }
        return nil
    }

    /// Whether an adapter made for `other` is one of this model: the same name, or a path to the same directory.
    func isSame(as other: String) -> Bool {
        func words(_ path: String) -> [Substring] { path.split(separator: "/").filter { $0 != "." } }
        let (mine, others) = (words(name), words(other))
        guard let shorter = [mine, others].min(by: { $0.count < $1.count }), !shorter.isEmpty else { return false }
        return mine.suffix(shorter.count).elementsEqual(shorter) && others.suffix(shorter.count).elementsEqual(shorter)
    }

    /// What is wrong with a module's pair of matrices, if anything can be said.
    func fault(of module: String, inputs: Int?, outputs: Int?) -> String? {
        let last = module.split(separator: ".").last.map(String.init) ?? module
        if !modules.isEmpty, !modules.contains(last) {
            return "the base model has no module \(excerpt(last)), which the weights are for"
        }
        guard let shape = shapes[module + ".weight"], shape.count == 2 else { return nil }
        if let inputs, inputs != shape[1] {
            return "\(excerpt(module)): lora_A takes \(inputs) inputs, but the base model has \(shape[1])"
        }
        if let outputs, outputs != shape[0] {
            return "\(excerpt(module)): lora_B gives \(outputs) outputs, but the base model has \(shape[0])"
        }
        return nil
    }
}

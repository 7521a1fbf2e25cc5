/// Checks adapter directories the way vLLM would, and where it would not.
///
/// vLLM answers 200 for some that cannot be right (`Tests/Fixtures/vllm`): another PEFT type, another rank than the
/// weights have, another base model, tensor names without their prefix.
package struct AdapterCheck: Sendable {
    /// `--max-lora-rank` of the servers; nil: any rank.
    package var maxRank: Int?
    package var baseModel: BaseModel?

    package struct Result: Hashable, Sendable {
        package var path: String
        /// Sorted; none where the adapter is sound.
        package var faults: [AdapterFault]
    }

    /// A configuration is some kilobytes.
    static let configurationLimit = 1 << 20

    package init(maxRank: Int? = nil, baseModel: BaseModel? = nil) {
        self.maxRank = maxRank
        self.baseModel = baseModel
    }

    /// Checks one adapter directory, or every adapter in a resolver's cache directory, sorted by path.
    package func check(_ path: String) -> [Result] {
        let path = path.count > 1 && path.hasSuffix("/") ? String(path.dropLast()) : path
        guard let entries = entries(of: path) else { return [checkAdapter(path)] }
        return entries.flatMap { entry in
            // A resolver asked for `org/name` looks into the directory `org`.
            let inner = (self.entries(of: entry) ?? []).filter(Self.isAdapter)
            return inner.isEmpty ? [checkAdapter(entry)] : inner.map(checkAdapter)
        }
    }

    private static func isAdapter(_ path: String) -> Bool { names(in: path)?.contains(where: isOfAdapter) == true }

    private static func isOfAdapter(_ name: String) -> Bool {
        name == "adapter_config.json" || name.hasPrefix("adapter_model.")
    }

    /// What could be adapters in a directory; nil where it is one itself, or none at all.
    private func entries(of path: String) -> [String]? {
        guard PathKind(path) == .directory, let names = names(in: path) else { return nil }
        // Every ext4 volume has a lost+found.
        let visible = names.filter { !$0.hasPrefix(".") && $0 != "lost+found" }
        if visible.isEmpty || names.contains(where: Self.isOfAdapter) { return nil }
        // Notes lie beside adapters; what has no extension was meant as one.
        return visible.map { "\(path)/\($0)" }
            .filter { PathKind($0) != .file || !($0.split(separator: "/").last ?? "").contains(".") }
    }

    /// Whether a directory is there and holds something.
    package static func canSee(_ directory: String) -> Bool { names(in: directory)?.isEmpty == false }

    /// Checks one adapter directory.
    package func checkAdapter(_ path: String) -> Result {
        Result(path: path, faults: Array(Set(faults(path))).sorted())
    }

    private func faults(_ path: String) -> [AdapterFault] {
        switch PathKind(path) {
        case .nothing: return [AdapterFault(.pathNotFound, "there is nothing at this path")]
        case .hidden(let why): return [AdapterFault(.pathNotFound, "it cannot be looked at: \(why)")]
        case .file, .other: return [AdapterFault(.invalidAdapter, "it is not a directory")]
        case .directory: break
        }
        guard let names = names(in: path) else {
            return [AdapterFault(.pathNotFound, "the directory cannot be read: \(ReadableFile.errorText)")]
        }
        if names.isEmpty { return [AdapterFault(.pathNotFound, "the directory is empty")] }
        var faults: [AdapterFault] = []
        var configuration: AdapterConfiguration?
        switch configurationBytes(path) {
        case .success(let bytes):
            let read = AdapterConfiguration(bytes)
            faults += read.faults + limits(read)
            configuration = read
        case .failure(let fault): faults.append(fault)
        }
        switch weights(path, names) {
        case .success(var weights?):
            if let configuration { weights.compare(with: configuration) }
            if let baseModel { weights.compare(with: baseModel) }
            faults += weights.faults
        case .success(nil): break
        case .failure(let fault): faults.append(fault)
        }
        return faults
    }

    private func configurationBytes(_ path: String) -> Swift.Result<[UInt8], Fault> {
        do {
            let file = try ReadableFile("\(path)/adapter_config.json")
            guard file.size <= Self.configurationLimit else {
                return .failure(Fault(.invalidAdapter, "adapter_config.json is larger than 1 MiB"))
            }
            guard let bytes = file.read(at: 0, count: file.size) else {
                return .failure(Fault(.invalidAdapter, "adapter_config.json cannot be read"))
            }
            return .success(bytes)
        } catch {
            return .failure(Fault(error, of: "adapter_config.json", missing: .pathNotFound))
        }
    }

    /// Nil where the weights are in a format whose shapes are not looked at.
    private func weights(_ path: String, _ names: [String]) -> Swift.Result<AdapterWeights?, Fault> {
        let name = ["adapter_model.safetensors", "adapter_model.bin", "adapter_model.pt"].first(where: names.contains)
        guard let name else {
            return .failure(Fault(.invalidAdapter, "adapter_model.safetensors is missing"))
        }
        do {
            let file = try ReadableFile("\(path)/\(name)")
            guard file.size > 0 else { return .failure(Fault(.invalidAdapter, "\(name) is empty")) }
            guard name.hasSuffix(".safetensors") else { return .success(nil) }
            return .success(AdapterWeights(try SafetensorsHeader(file)))
        } catch let failure as SafetensorsHeader.Failure {
            return .failure(Fault(.invalidAdapter, "\(name) is no safetensors file: \(failure.message)"))
        } catch let failure as ReadableFile.Failure {
            return .failure(Fault(failure, of: name, missing: .invalidAdapter))
        } catch {
            return .failure(Fault(.invalidAdapter, "\(name) cannot be read: \(error)"))
        }
    }

    private func limits(_ configuration: AdapterConfiguration) -> [AdapterFault] {
        var faults: [AdapterFault] = []
        let largest = ([configuration.rank] + configuration.rankPattern.map(\.rank)).compactMap { $0 }.max()
        if let maxRank, let largest, largest > maxRank {
            faults.append(
                AdapterFault(.rankTooLarge, "rank \(largest) is above the servers' --max-lora-rank \(maxRank)"))
        }
        if let baseModel, let made = configuration.baseModel, !baseModel.isSame(as: made) {
            faults.append(
                AdapterFault(
                    .baseModelMismatch,
                    "base_model_name_or_path is \"\(excerpt(made))\", not \"\(excerpt(baseModel.name))\""))
        } else if baseModel != nil, configuration.baseModel == nil, configuration.rank != nil {
            faults.append(AdapterFault(.baseModelMismatch, "base_model_name_or_path is missing"))
        }
        return faults
    }
}

private typealias Fault = AdapterFault

extension AdapterFault: Error {
    /// Why a file of an adapter could not be opened.
    fileprivate init(_ failure: ReadableFile.Failure, of name: String, missing: Reason) {
        switch failure {
        case .missing: self.init(missing, "\(name) is missing")
        case .notAFile: self.init(.invalidAdapter, "\(name) is not a regular file")
        case .unreadable(let why): self.init(.invalidAdapter, "\(name) cannot be read: \(why)")
        }
    }
}

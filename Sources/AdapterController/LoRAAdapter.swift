package import AdapterPlanning
package import KubeAPI

/// A `LoRAAdapter` of `lora-operator.dev/v1alpha1`.
package struct LoRAAdapter: KubeObject {
    package static let resource = Resource(
        group: "lora-operator.dev", version: "v1alpha1", plural: "loraadapters", kind: "LoRAAdapter")

    /// Held until every server that may hold a claim is clean.
    package static let finalizer = "lora-operator.dev/unload"

    /// The field manager of every write.
    package static let fieldManager = "lora-operator"

    package var metadata: ObjectMeta
    /// The spec, or why it cannot be read: an object stored under an older schema must not hide the others.
    package var spec: Result<AdapterSpec, SpecProblem>
    package var status: AdapterStatus

    private enum CodingKeys: CodingKey { case metadata, spec, status }

    package init(from decoder: any Decoder) throws {
        let fields = try decoder.container(keyedBy: CodingKeys.self)
        metadata = try fields.decode(ObjectMeta.self, forKey: .metadata)
        do {
            spec = .success(try fields.decode(AdapterSpec.self, forKey: .spec))
        } catch {
            spec = .failure(SpecProblem(reason: .invalidSpec, message: Self.explain(error)))
        }
        // A status that somebody mangled counts as lost: then only the spec is claimed.
        status = (try? fields.decode(AdapterStatus.self, forKey: .status)) ?? AdapterStatus()
        status.servers = status.servers?.map { line in
            var line = line
            line.incarnation = line.incarnation.map(StringPool.shared)
            line.root = line.root.map(StringPool.shared)
            return line
        }
        // Conditions of others are theirs: neither read, nor compared, nor written.
        status.conditions = status.conditions?.filter { AdapterCondition.types.contains($0.type) }
    }

    private static func explain(_ error: any Error) -> String {
        let path: [any CodingKey]
        switch error {
        case DecodingError.keyNotFound(let key, let context): path = context.codingPath + [key]
        case DecodingError.typeMismatch(_, let context), DecodingError.valueNotFound(_, let context),
            DecodingError.dataCorrupted(let context):
            path = context.codingPath
        default: path = []
        }
        let field = path.map(\.stringValue).joined(separator: ".")
        return "\(field.isEmpty ? "spec" : field) is missing or of the wrong type; see kubectl explain loraadapter.spec"
    }

    /// The adapter's name on servers; nil where the spec cannot be read.
    var loraName: String? {
        if case .success(let spec) = spec { spec.loraName ?? metadata.name } else { nil }
    }

    /// The adapter names that this object wants or still claims.
    package var names: Set<String> {
        var names = Set((status.claims ?? []).map(\.name))
        if let loraName { names.insert(loraName) }
        return names
    }
}

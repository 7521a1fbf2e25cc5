import DynamicJSON
import Foundation

/// Writes adapters into a directory of the test's own, which goes with it.
final class AdapterOnDisk {
    let directory: String

    init() throws {
        directory = NSTemporaryDirectory() + "adapters-" + UUID().uuidString
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: directory) }

    static let module = "model.layers.0.self_attn.q_proj"

    static let configuration: [String: JSONValue] = [
        "peft_type": "LORA", "base_model_name_or_path": "models/base", "r": 8, "lora_alpha": 16, "bias": "none",
        "target_modules": ["q_proj"], "use_dora": false, "modules_to_save": .null, "rank_pattern": [:],
    ]

    static func weights(
        rank: Int = 8, inputs: Int = 64, prefix: String = "base_model.model.", module: String = module
    ) -> [String: [Int]] {
        [
            "\(prefix)\(module).lora_A.weight": [rank, inputs], "\(prefix)\(module).lora_B.weight": [64, rank],
        ]
    }

    /// Writes a sound adapter with some fields replaced, and returns its path.
    func write(
        _ name: String = "adapter", fields: [String: JSONValue] = [:], weights: [String: [Int]] = weights()
    ) throws -> String {
        let fields = Self.configuration.merging(fields) { _, new in new }
        return try write(
            name,
            ["adapter_config.json": JSONValue.object(fields).encoded, "adapter_model.safetensors": Self.file(weights)])
    }

    func write(_ name: String, _ files: [String: [UInt8]]) throws -> String {
        let path = "\(directory)/\(name)"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        for (file, bytes) in files { try Data(bytes).write(to: URL(fileURLWithPath: "\(path)/\(file)")) }
        return path
    }

    /// A safetensors file of 16-bit zeros.
    static func file(_ tensors: [String: [Int]]) -> [UInt8] {
        var header: [String: JSONValue] = ["__metadata__": ["format": "pt"]]
        var end = 0
        for (name, shape) in tensors.sorted(by: { $0.key < $1.key }) {
            let start = end
            end += shape.reduce(2, *)
            header[name] = [
                "dtype": "F16", "shape": .array(shape.map { .int(Int64($0)) }),
                "data_offsets": [.int(Int64(start)), .int(Int64(end))],
            ]
        }
        let json = JSONValue.object(header).encoded
        return length(UInt64(json.count)) + json + [UInt8](repeating: 0, count: end)
    }

    static func length(_ count: UInt64) -> [UInt8] { (0..<8).map { UInt8(truncatingIfNeeded: count >> (8 * $0)) } }
}

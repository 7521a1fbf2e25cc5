import AdapterFiles
import DynamicJSON
import Foundation
import Testing

@Suite struct AdapterCheckTests {
    private let disk: AdapterOnDisk

    init() throws { disk = try AdapterOnDisk() }

    private func faults(_ path: String, maxRank: Int? = 16, base: BaseModel? = nil) -> [String] {
        AdapterCheck(maxRank: maxRank, baseModel: base).checkAdapter(path).faults.map {
            "\($0.reason.rawValue): \($0.message)"
        }
    }

    /// The base model that the sound adapter is for.
    private func base() throws -> BaseModel {
        let path = try disk.write(
            "models/base", ["model.safetensors": AdapterOnDisk.file([AdapterOnDisk.module + ".weight": [64, 64]])])
        return BaseModel("models/base", beside: path)
    }

    @Test func `a sound adapter has no fault`() throws {
        #expect(try faults(disk.write(), base: base()) == [])
    }

    @Test(
        arguments: [
            (["peft_type": "PREFIX_TUNING"], "InvalidAdapter: peft_type is \"PREFIX_TUNING\""),
            (["r": 0], "InvalidAdapter: r is 0"),
            (["r": "8"], "InvalidAdapter: r is \"8\""),
            (["use_dora": true], "InvalidAdapter: use_dora"),
            (["modules_to_save": ["embed_tokens"]], "InvalidAdapter: modules_to_save is [\"embed_tokens\"]"),
            (["bias": "all"], "InvalidAdapter: bias is \"all\""),
            (["target_modules": []], "InvalidAdapter: target_modules"),
            (["target_modules": ["k_proj"]], "InvalidAdapter: \(AdapterOnDisk.module) is in the weights"),
            (["lora_alpha": .null], "InvalidAdapter: lora_alpha"),
            (
                ["rank_pattern": ["q_proj": 4]],
                "InvalidAdapter: \(AdapterOnDisk.module) has rank 8 in the weights and 4"
            ),
            (["rank_pattern": ["k_proj": 64]], "RankTooLarge: rank 64"),
            (["r": 4], "InvalidAdapter: \(AdapterOnDisk.module) has rank 8 in the weights and 4"),
            (["base_model_name_or_path": "some/other-model"], "BaseModelMismatch: base_model_name_or_path"),
        ] as [([String: JSONValue], String)])
    func `what the configuration says wrongly is named`(fields: [String: JSONValue], fault: String) throws {
        let faults = try faults(disk.write(fields: fields), base: base())
        #expect(faults.count == 1)
        #expect(faults.first?.hasPrefix(fault) == true, "\(faults)")
    }

    @Test(arguments: [
        (AdapterOnDisk.weights(rank: 64), "InvalidAdapter: \(AdapterOnDisk.module) has rank 64 in the weights and 8"),
        (AdapterOnDisk.weights(inputs: 96), "InvalidAdapter: \(AdapterOnDisk.module): lora_A takes 96 inputs"),
        (AdapterOnDisk.weights(prefix: ""), "InvalidAdapter: 2 tensor names like"),
        (["embed_tokens.weight": [8, 8]], "InvalidAdapter: 1 tensors like embed_tokens.weight are no LoRA matrices"),
        ([:], "InvalidAdapter: the weights hold no tensor"),
    ])
    func `what the weights hold wrongly is named`(weights: [String: [Int]], fault: String) throws {
        let faults = try faults(disk.write(weights: weights), base: base())
        #expect(faults.count == 1)
        #expect(faults.first?.hasPrefix(fault) == true, "\(faults)")
    }

    @Test func `a module that the base model lacks is named`() throws {
        let path = try disk.write(
            fields: ["target_modules": ["nope_proj"]],
            weights: AdapterOnDisk.weights(module: "model.layers.0.mlp.nope_proj"))
        #expect(
            try faults(path, base: base()) == [
                "InvalidAdapter: the base model has no module nope_proj, which the weights are for"
            ])
        #expect(faults(path) == [])
    }

    @Test func `what is not there is named`() throws {
        let weights = AdapterOnDisk.file(AdapterOnDisk.weights())
        let configuration = JSONValue.object(AdapterOnDisk.configuration).encoded
        #expect(faults(disk.directory + "/nothing") == ["PathNotFound: there is nothing at this path"])
        #expect(try faults(disk.write("empty", [:])) == ["PathNotFound: the directory is empty"])
        #expect(
            try faults(disk.write("no-config", ["adapter_model.safetensors": weights]))
                == ["PathNotFound: adapter_config.json is missing"])
        #expect(
            try faults(disk.write("no-weights", ["adapter_config.json": configuration]))
                == ["InvalidAdapter: adapter_model.safetensors is missing"])
        #expect(
            try faults(
                disk.write(
                    "cut",
                    [
                        "adapter_config.json": configuration, "adapter_model.safetensors": Array(weights.dropLast()),
                    ])
            ).first?.contains("it ends before tensor") == true)
    }

    @Test(arguments: [
        AdapterOnDisk.length(.max) + Array("{}".utf8), AdapterOnDisk.length(1 << 62), [1, 2, 3],
        AdapterOnDisk.length(2) + Array("[]".utf8), AdapterOnDisk.length(100) + Array("{}".utf8),
        AdapterOnDisk.length(60) + Array(#"{"a":{"shape":[-9223372036854775808],"data_offsets":[9e99,1]}}"#.utf8),
        AdapterOnDisk.length(100_000) + [UInt8](repeating: UInt8(ascii: "["), count: 100_000),
    ])
    func `weights that are none are refused without a trap`(bytes: [UInt8]) throws {
        let path = try disk.write(
            "hostile",
            [
                "adapter_config.json": JSONValue.object(AdapterOnDisk.configuration).encoded,
                "adapter_model.safetensors": bytes,
            ])
        let faults = faults(path)
        #expect(faults.count == 1)
        #expect(faults.first?.hasPrefix("InvalidAdapter: adapter_model.safetensors is no safetensors file") == true)
    }

    @Test(arguments: [
        (#"{"a":{"dtype":"F16","shape":[2],"data_offsets":[0,8]}}"#, 8, "has not as many bytes as its shape"),
        (#"{"a":{"dtype":"F16","shape":[9223372036854775807,9],"data_offsets":[0,8]}}"#, 8, "has not as many bytes"),
        (#"{"a":{"dtype":"F16","shape":[2],"data_offsets":[4,8]}}"#, 8, "does not begin where the one before"),
        (
            #"{"a":{"dtype":"F16","shape":[2],"data_offsets":[0,4]},"b":{"dtype":"F16","shape":[2],"data_offsets":[0,4]}}"#,
            4, "tensor b does not begin where"
        ),
        (#"{"a":{"dtype":"F16","shape":[2],"data_offsets":[0,4]}}"#, 8, "it has 4 bytes after its last tensor"),
        (#"{"a":{"dtype":"F16","shape":[2],"data_offsets":[0,4]}}"#, 3, "it ends before tensor a does"),
    ])
    func `a header that the weights do not bear out is told`(header: String, count: Int, fault: String) throws {
        let path = try disk.write(
            "hostile",
            [
                "adapter_config.json": JSONValue.object(AdapterOnDisk.configuration).encoded,
                "adapter_model.safetensors": AdapterOnDisk.length(UInt64(header.utf8.count)) + Array(header.utf8)
                    + [UInt8](repeating: 0, count: count),
            ])
        #expect(faults(path).contains { $0.contains(fault) }, "\(faults(path))")
    }

    @Test(
        arguments: [
            ([0xEF, 0xBB, 0xBF], "begins with a byte order mark"), ([0xFF, 0xFE], "is UTF-16"),
            ([0xFE, 0xFF], "is UTF-16"),
        ] as [([UInt8], String)])
    func `a configuration in another encoding is told`(mark: [UInt8], fault: String) throws {
        let path = try disk.write()
        let bytes = mark + JSONValue.object(AdapterOnDisk.configuration).encoded
        try Data(bytes).write(to: URL(fileURLWithPath: path + "/adapter_config.json"))
        #expect(faults(path).count == 1)
        #expect(faults(path).first?.contains("adapter_config.json \(fault)") == true, "\(faults(path))")
        try Data(Array(#"{"a": ""#.utf8) + [0xC3, 0x28] + Array(#""}"#.utf8)).write(
            to: URL(fileURLWithPath: path + "/adapter_config.json"))
        #expect(faults(path).first?.contains("is not UTF-8") == true)
    }

    @Test func `a rank pattern may be a regular expression, and then any module may have its rank`() throws {
        let pattern: JSONValue = ["layers\\.[0-9]+\\..*q_proj": 4]
        #expect(
            try faults(disk.write(fields: ["rank_pattern": pattern], weights: AdapterOnDisk.weights(rank: 4))) == [])
        let other = try disk.write(fields: ["rank_pattern": pattern], weights: AdapterOnDisk.weights(rank: 2))
        #expect(faults(other).first?.contains("has rank 2 in the weights") == true)
    }

    @Test func `what cannot be looked at is not taken for missing`() throws {
        let loop = disk.directory + "/loop"
        try FileManager.default.createSymbolicLink(atPath: loop, withDestinationPath: loop)
        #expect(faults(loop) == ["PathNotFound: it cannot be looked at: Too many levels of symbolic links"])
        let path = try disk.write("looped")
        try FileManager.default.removeItem(atPath: path + "/adapter_config.json")
        try FileManager.default.createSymbolicLink(
            atPath: path + "/adapter_config.json", withDestinationPath: "adapter_config.json")
        #expect(faults(path).first?.contains("cannot be read: Too many levels") == true)
    }

    @Test func `a cache directory may hold organisations with adapters`() throws {
        _ = try disk.write("cache/org/sql")
        _ = try disk.write("cache/org/bad", fields: ["use_dora": true])
        _ = try disk.write("cache/plain")
        _ = try disk.write("cache/hollow/inner", [:])
        _ = try disk.write("cache/lost+found", [:])
        let results = AdapterCheck().check(disk.directory + "/cache")
        #expect(
            results.map { $0.path.dropFirst(disk.directory.count + 7) } == ["hollow", "org/bad", "org/sql", "plain"])
        #expect(results.map { $0.faults.isEmpty } == [false, false, true, true])
    }

    @Test func `a pipe is not waited for`() throws {
        let path = try disk.write()
        try FileManager.default.removeItem(atPath: path + "/adapter_config.json")
        #expect(unsafe mkfifo(path + "/adapter_config.json", 0o600) == 0)
        #expect(faults(path) == ["InvalidAdapter: adapter_config.json is not a regular file"])
    }

    @Test func `every adapter of a cache directory is checked, and notes beside them are not`() throws {
        _ = try disk.write("cache/b")
        _ = try disk.write("cache/a", fields: ["use_dora": true])
        try Data().write(to: URL(fileURLWithPath: disk.directory + "/cache/README.md"))
        try Data().write(to: URL(fileURLWithPath: disk.directory + "/cache/stray"))
        let results = AdapterCheck().check(disk.directory + "/cache/")
        #expect(results.map { $0.path.split(separator: "/").last.map(String.init) } == ["a", "b", "stray"])
        #expect(results.map(\.faults.count) == [1, 0, 1])
    }

    @Test(arguments: [
        ("models/base", "/srv/models/base", true), ("base", "models/base", true), ("org/name", "org/name", true),
        ("org/name", "other/name", false), ("base", "database", false),
    ])
    func `a base model is the same under its name and its path`(name: String, made: String, isSame: Bool) throws {
        let path = try disk.write(fields: ["base_model_name_or_path": .string(made)])
        #expect(faults(path, base: BaseModel(name, beside: path)).isEmpty == isSame)
    }
}

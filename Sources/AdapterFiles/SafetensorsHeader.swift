import DynamicJSON

/// The names and shapes in a safetensors file, from its header alone: eight bytes of length, then JSON.
///
/// Source: https://huggingface.co/docs/safetensors, "Format".
struct SafetensorsHeader {
    struct Tensor {
        var name: String
        var shape: [Int]
    }

    /// Sorted by name.
    var tensors: [Tensor]

    /// The format allows 100 MB; adapters and base models have a few.
    static let limit = 32 << 20

    struct Failure: Error { var message: String }

    /// Reads the header of an open file.
    init(_ file: borrowing ReadableFile) throws(Failure) {
        guard let start = file.read(at: 0, count: 8), start.count == 8 else {
            throw Failure(message: "it is shorter than a header")
        }
        let length = start.reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        guard length >= 2, length <= UInt64(Self.limit), length <= UInt64(max(0, file.size - 8)) else {
            throw Failure(message: "it does not begin with a safetensors header")
        }
        guard let bytes = file.read(at: 8, count: Int(length)), bytes.count == Int(length),
            let fields = JSONValue(parsing: bytes)?.objectValue
        else { throw Failure(message: "its header is not a JSON object") }
        let room = file.size - 8 - Int(length)
        tensors = []
        for (name, value) in fields.sorted(by: { $0.key < $1.key }) where name != "__metadata__" {
            let shape = value["shape"]?.arrayValue?.map { $0.intValue.flatMap(Int.init(exactly:)) ?? -1 } ?? [-1]
            let ends = value["data_offsets"]?.arrayValue?.map { $0.intValue.flatMap(Int.init(exactly:)) ?? -1 } ?? []
            guard shape.allSatisfy({ $0 >= 0 }), ends.count == 2, 0 <= ends[0], ends[0] <= ends[1] else {
                throw Failure(message: "its header describes tensor \(excerpt(name)) wrongly")
            }
            guard ends[1] <= room else {
                throw Failure(message: "it ends before tensor \(excerpt(name)) does: copy it again")
            }
            tensors.append(Tensor(name: name, shape: shape))
        }
    }
}

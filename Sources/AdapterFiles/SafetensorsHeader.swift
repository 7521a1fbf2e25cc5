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
        guard length >= 2, length <= UInt64(Self.limit) else {
            throw Failure(message: "it does not begin with a safetensors header")
        }
        guard length <= UInt64(max(0, file.size - 8)) else {
            throw Failure(message: "it ends before its header does: copy it again")
        }
        guard let bytes = file.read(at: 8, count: Int(length)), bytes.count == Int(length),
            let fields = JSONValue(parsing: bytes)?.objectValue
        else { throw Failure(message: "its header is not a JSON object") }
        let room = file.size - 8 - Int(length)
        tensors = []
        var places: [(start: Int, end: Int, name: String)] = []
        for (name, value) in fields.sorted(by: { $0.key < $1.key }) where name != "__metadata__" {
            let shape = value["shape"]?.arrayValue?.map { $0.intValue.flatMap(Int.init(exactly:)) ?? -1 } ?? [-1]
            let ends = value["data_offsets"]?.arrayValue?.map { $0.intValue.flatMap(Int.init(exactly:)) ?? -1 } ?? []
            guard shape.allSatisfy({ $0 >= 0 }), ends.count == 2, 0 <= ends[0], ends[0] <= ends[1] else {
                throw Failure(message: "its header describes tensor \(excerpt(name)) wrongly")
            }
            guard ends[1] <= room else {
                throw Failure(message: "it ends before tensor \(excerpt(name)) does: copy it again")
            }
            if let bytes = Self.bytes(of: shape, value["dtype"]?.stringValue), bytes != ends[1] - ends[0] {
                throw Failure(message: "tensor \(excerpt(name)) has not as many bytes as its shape takes")
            }
            tensors.append(Tensor(name: name, shape: shape))
            places.append((ends[0], ends[1], name))
        }
        // The format has neither gaps nor overlaps, and nothing after the last tensor.
        var end = 0
        for place in places.sorted(by: { ($0.start, $0.end) < ($1.start, $1.end) }) {
            guard place.start == end else {
                throw Failure(message: "tensor \(excerpt(place.name)) does not begin where the one before it ends")
            }
            end = place.end
        }
        guard end == room else { throw Failure(message: "it has \(room - end) bytes after its last tensor") }
    }

    /// Nil for a type of other or unknown width; too many to count are -1.
    private static func bytes(of shape: [Int], _ type: String?) -> Int? {
        let widths = [
            "BOOL": 1, "U8": 1, "I8": 1, "F8_E4M3": 1, "F8_E5M2": 1, "I16": 2, "U16": 2, "F16": 2, "BF16": 2, "I32": 4,
            "U32": 4, "F32": 4, "I64": 8, "U64": 8, "F64": 8,
        ]
        guard var bytes = type.flatMap({ widths[$0] }) else { return nil }
        for count in shape {
            let (product, isTooLarge) = bytes.multipliedReportingOverflow(by: count)
            if isTooLarge { return -1 }
            bytes = product
        }
        return bytes
    }
}

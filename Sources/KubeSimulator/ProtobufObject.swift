import DynamicJSON

/// Reads the few objects that kubectl sends in Kubernetes' protobuf form: `create namespace` and `create secret`.
enum ProtobufObject {
    /// Reads `k8s\0`, then `runtime.Unknown` with the type and the object's own message; nil for every other kind.
    static func decode(_ bytes: [UInt8]) -> JSONValue? {
        guard bytes.starts(with: [0x6B, 0x38, 0x73, 0x00]), let envelope = Message(bytes.dropFirst(4)),
            let type = envelope.message(1), let raw = envelope.message(2)
        else { return nil }
        let (apiVersion, kind) = (type.text(1) ?? "", type.text(2) ?? "")
        var object: JSONValue = ["apiVersion": .string(apiVersion), "kind": .string(kind)]
        object["metadata"] = metadata(raw.message(1))
        switch (apiVersion, kind) {
        case ("v1", "Namespace"): return object
        case ("v1", "Secret"):
            for (name, value) in raw.map(2) { object["data", name] = .string(base64(value)) }
            for (name, value) in raw.map(4) {
                object["stringData", name] = .string(String(decoding: value, as: UTF8.self))
            }
            if let type = raw.text(3), !type.isEmpty { object["type"] = .string(type) }
            return object
        default: return nil
        }
    }

    private static func metadata(_ message: Message?) -> JSONValue {
        var metadata: JSONValue = [:]
        for (number, name) in [(1, "name"), (2, "generateName"), (3, "namespace")] {
            if let text = message?.text(number), !text.isEmpty { metadata[name] = .string(text) }
        }
        for (number, name) in [(11, "labels"), (12, "annotations")] {
            for (key, value) in message?.map(number) ?? [] {
                metadata[name, key] = .string(String(decoding: value, as: UTF8.self))
            }
        }
        return metadata
    }

    /// The length-delimited fields of one message; others are skipped.
    private struct Message {
        private var fields: [Int: [ArraySlice<UInt8>]] = [:]

        init?(_ bytes: ArraySlice<UInt8>) {
            var rest = bytes
            while !rest.isEmpty {
                guard let tag = Self.varint(&rest) else { return nil }
                switch tag & 7 {
                case 0: guard Self.varint(&rest) != nil else { return nil }
                case 1: rest = rest.dropFirst(8)
                case 2:
                    guard let length = Self.varint(&rest).flatMap(Int.init(exactly:)), length <= rest.count else {
                        return nil
                    }
                    fields[Int(truncatingIfNeeded: tag >> 3), default: []].append(rest.prefix(length))
                    rest = rest.dropFirst(length)
                case 5: rest = rest.dropFirst(4)
                default: return nil
                }
            }
        }

        func message(_ number: Int) -> Message? { fields[number]?.last.flatMap(Message.init) }
        func text(_ number: Int) -> String? { fields[number]?.last.map { String(decoding: $0, as: UTF8.self) } }

        /// A map field: each entry is a message of key 1 and value 2.
        func map(_ number: Int) -> [(String, [UInt8])] {
            (fields[number] ?? []).compactMap(Message.init).map { ($0.text(1) ?? "", Array($0.fields[2]?.last ?? [])) }
        }

        private static func varint(_ rest: inout ArraySlice<UInt8>) -> UInt64? {
            var value: UInt64 = 0
            for shift in stride(from: UInt64(0), to: 64, by: 7) {
                guard let byte = rest.popFirst() else { return nil }
                value |= UInt64(byte & 0x7F) << shift
                if byte < 0x80 { return value }
            }
            return nil
        }
    }
}

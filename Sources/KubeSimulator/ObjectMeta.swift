import DynamicJSON

/// What `metadata` may hold and which of it clients may set.
enum ObjectMeta {
    static let schema: JSONValue = {
        let text: JSONValue = ["type": "string"]
        let time: JSONValue = ["type": "string", "nullable": true]
        let strings: JSONValue = ["type": "object", "additionalProperties": text]
        return [
            "type": "object", "description": "Standard object's metadata.",
            "properties": [
                "name": text, "generateName": text, "namespace": text, "selfLink": text, "uid": text,
                "resourceVersion": text,
                "generation": ["type": "integer"], "creationTimestamp": time, "deletionTimestamp": time,
                "deletionGracePeriodSeconds": ["type": "integer"], "labels": strings, "annotations": strings,
                "finalizers": ["type": "array", "items": text, "x-kubernetes-list-type": "set"],
                "ownerReferences": [
                    "type": "array", "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["uid"],
                    "x-kubernetes-patch-merge-key": "uid",
                    "items": [
                        "type": "object", "x-kubernetes-map-type": "atomic",
                        "properties": [
                            "apiVersion": text, "kind": text, "name": text, "uid": text,
                            "controller": ["type": "boolean"],
                            "blockOwnerDeletion": ["type": "boolean"],
                        ],
                    ],
                ],
                "managedFields": [
                    "type": "array", "items": ["type": "object", "x-kubernetes-preserve-unknown-fields": true],
                ],
            ],
        ]
    }()

    /// Fields that no manager ever owns.
    static let unmanaged: FieldSet = {
        var set = FieldSet()
        set.insert([.field("apiVersion")])
        set.insert([.field("kind")])
        set.isMember = false
        for name in [
            "name", "namespace", "creationTimestamp", "selfLink", "uid", "generation", "managedFields",
            "resourceVersion",
            "deletionTimestamp", "deletionGracePeriodSeconds",
        ] { set.insert([.field("metadata"), .field(name)]) }
        return set
    }()

    private static let subdomain =
        "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')"
    private static let label =
        "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')"
    private static let qualifiedName =
        "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')"
    private static let labelValue =
        "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')"

    /// What is wrong with the names, labels and finalizers of an object.
    static func causes(in object: JSONValue, of kind: ResourceKind) -> [Cause] {
        var causes: [Cause] = []
        let name = object["metadata", "name"]?.stringValue ?? ""
        let isLabel = kind.plural == "namespaces" || kind.plural == "services"
        if name.isEmpty {
            causes.append(.required("metadata.name", "name or generateName is required"))
        } else if isLabel ? !isDNSLabel(name) : !isDNSSubdomain(name) {
            causes.append(.invalid("metadata.name", .string(name), isLabel ? label : subdomain))
        }
        for (key, value) in (object["metadata", "labels"]?.objectValue ?? [:]).sorted(by: { $0.key < $1.key }) {
            if !isQualifiedName(key) { causes.append(.invalid("metadata.labels", .string(key), qualifiedName)) }
            if let text = value.stringValue, !text.isEmpty, !isLabelName(text) {
                causes.append(.invalid("metadata.labels", value, labelValue))
            }
        }
        for key in (object["metadata", "annotations"]?.objectValue ?? [:]).keys.sorted() where !isQualifiedName(key) {
            causes.append(.invalid("metadata.annotations", .string(key), qualifiedName))
        }
        for finalizer in object["metadata", "finalizers"]?.arrayValue ?? []
        where !isQualifiedName(finalizer.stringValue ?? "") {
            causes.append(.invalid("metadata.finalizers", finalizer, qualifiedName))
        }
        return causes
    }

    static func isDNSLabel(_ text: String) -> Bool {
        guard (1...63).contains(text.utf8.count), text.utf8.first != 0x2D, text.utf8.last != 0x2D else { return false }
        return text.utf8.allSatisfy { (0x61...0x7A).contains($0) || (0x30...0x39).contains($0) || $0 == 0x2D }
    }

    static func isDNSSubdomain(_ text: String) -> Bool {
        guard (1...253).contains(text.utf8.count) else { return false }
        return text.split(separator: ".", omittingEmptySubsequences: false).allSatisfy { part in
            !part.isEmpty && part.utf8.first != 0x2D && part.utf8.last != 0x2D
                && part.utf8.allSatisfy { (0x61...0x7A).contains($0) || (0x30...0x39).contains($0) || $0 == 0x2D }
        }
    }

    /// A label's value, or the part of its key after the slash.
    static func isLabelName(_ text: String) -> Bool {
        func isAlphanumeric(_ byte: UInt8) -> Bool {
            (0x61...0x7A).contains(byte) || (0x41...0x5A).contains(byte) || (0x30...0x39).contains(byte)
        }
        guard (1...63).contains(text.utf8.count), let first = text.utf8.first, let last = text.utf8.last,
            isAlphanumeric(first), isAlphanumeric(last)
        else { return false }
        return text.utf8.allSatisfy { isAlphanumeric($0) || $0 == 0x2D || $0 == 0x5F || $0 == 0x2E }
    }

    static func isQualifiedName(_ text: String) -> Bool {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        return switch parts.count {
        case 1: isLabelName(parts[0])
        case 2: isDNSSubdomain(parts[0]) && isLabelName(parts[1])
        default: false
        }
    }
}

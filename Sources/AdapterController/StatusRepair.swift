import AdapterPlanning
import DynamicJSON
import FoundationEssentials
import KubeAPI

/// How a stored status becomes the wanted one where others own fields of it, their conditions left alone.
enum StatusRepair {
    static func operations(on adapter: LoRAAdapter, towards wanted: AdapterStatus) throws -> [JSONPatchOperation] {
        let (old, new) = (try fields(of: adapter.status), try fields(of: wanted))
        let version = JSONValue.string(adapter.metadata.resourceVersion)
        var operations = [JSONPatchOperation.test(path: "/metadata/resourceVersion", value: version)]
        // Of the list that others write to as well, an apply puts our entries right.
        for field in Set(old.keys).union(new.keys).subtracting(["conditions"]).sorted() where old[field] != new[field] {
            if let value = new[field] {
                operations.append(.add(path: "/status/\(field)", value: value))
            } else {
                operations.append(.remove(path: "/status/\(field)"))
            }
        }
        return operations
    }

    private static func fields(of status: AdapterStatus) throws -> [String: JSONValue] {
        try JSONParser.parse(Array(try JSONEncoder().encode(status))).objectValue ?? [:]
    }
}

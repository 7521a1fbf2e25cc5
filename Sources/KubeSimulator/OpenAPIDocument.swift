import DynamicJSON

/// The OpenAPI v3 document of one group version: what `kubectl apply` checks against and `kubectl explain` shows.
enum OpenAPIDocument {
    static func make(_ kinds: [ResourceKind]) -> JSONValue {
        var schemas: [String: JSONValue] = [objectMeta: ObjectMeta.schema]
        var paths: [String: JSONValue] = [:]
        for kind in kinds {
            let name = schemaName(kind)
            schemas[name] = schema(kind)
            let root = kind.group.isEmpty ? "/api/\(kind.version)" : "/apis/\(kind.group)/\(kind.version)"
            let collection =
                kind.isNamespaced ? "\(root)/namespaces/{namespace}/\(kind.plural)" : "\(root)/\(kind.plural)"
            var onCollection: [String: JSONValue] = ["get": operation(kind, "list", name)]
            var onObject: [String: JSONValue] = ["get": operation(kind, "get", name)]
            if !kind.isReadOnly {
                onCollection["post"] = operation(kind, "post", name)
                onObject["put"] = operation(kind, "put", name)
                onObject["patch"] = operation(kind, "patch", name)
                onObject["delete"] = operation(kind, "delete", name)
            }
            paths[collection] = .object(onCollection)
            paths["\(collection)/{name}"] = .object(onObject)
            if kind.hasStatus, !kind.isReadOnly {
                paths["\(collection)/{name}/status"] = [
                    "get": operation(kind, "get", name), "put": operation(kind, "put", name),
                    "patch": operation(kind, "patch", name),
                ]
            }
        }
        return [
            "openapi": "3.0.0", "info": ["title": "Kubernetes", "version": "v1.36.0"], "paths": .object(paths),
            "components": ["schemas": .object(schemas)],
        ]
    }

    private static let objectMeta = "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta"

    private static func schemaName(_ kind: ResourceKind) -> String {
        let group =
            kind.group.isEmpty ? "io.k8s.api.core" : kind.group.split(separator: ".").reversed().joined(separator: ".")
        return "\(group).\(kind.version).\(kind.kind)"
    }

    private static func groupVersionKind(_ kind: ResourceKind) -> JSONValue {
        ["group": .string(kind.group), "version": .string(kind.version), "kind": .string(kind.kind)]
    }

    private static func schema(_ kind: ResourceKind) -> JSONValue {
        var schema = kind.schema.source
        schema["x-kubernetes-group-version-kind"] = [groupVersionKind(kind)]
        let description =
            "APIVersion defines the versioned schema of this representation of an object. Servers should convert recognized schemas to the latest internal value, and may reject unrecognized values."
        schema["properties", "apiVersion"] = ["type": "string", "description": .string(description)]
        schema["properties", "kind"] = [
            "type": "string",
            "description": "Kind is a string value representing the REST resource this object represents.",
        ]
        schema["properties", "metadata"] = [
            "description": "Standard object's metadata.",
            "allOf": [["$ref": .string("#/components/schemas/\(objectMeta)")]],
        ]
        return schema
    }

    private static func operation(_ kind: ResourceKind, _ action: String, _ schema: String) -> JSONValue {
        let reference: JSONValue = ["schema": ["$ref": .string("#/components/schemas/\(schema)")]]
        var operation: JSONValue = [
            "operationId": .string("\(action)\(kind.kind)"), "x-kubernetes-action": .string(action),
            "x-kubernetes-group-version-kind": groupVersionKind(kind),
            "responses": ["200": ["description": "OK", "content": ["application/json": reference]]],
        ]
        let writes = ["post", "put", "patch"]
        guard writes.contains(action) else { return operation }
        // kubectl looks for `fieldValidation` and `dryRun` before it relies on them.
        var names = ["dryRun", "fieldManager", "fieldValidation"]
        if action == "patch" { names.append("force") }
        operation["parameters"] = .array(
            names.map { name in
                ["name": .string(name), "in": "query", "schema": ["type": name == "force" ? "boolean" : "string"]]
            })
        let types =
            action == "patch"
            ? ["application/apply-patch+yaml", "application/json-patch+json", "application/merge-patch+json"]
            : ["application/json"]
        operation["requestBody"] = ["content": .object(Dictionary(types.map { ($0, reference) }) { first, _ in first })]
        return operation
    }
}

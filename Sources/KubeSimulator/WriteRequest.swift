import DynamicJSON

/// Who writes what, how strictly and when.
struct WriteRequest {
    enum FieldValidation: String { case ignore = "Ignore", warn = "Warn", strict = "Strict" }

    var kind: ResourceKind
    var namespace: String
    /// Empty on creation, where the object says it.
    var name: String
    /// `status` or empty.
    var subresource = ""
    var fieldManager: String
    var fieldValidation = FieldValidation.warn
    var isDryRun = false
    var isForced = false
    /// True for the model's own interface, which writes status and spec at once.
    var writesEverything = false
    /// Now, as metav1.Time writes it.
    var time: String

    var key: ObjectKey { ObjectKey(namespace: namespace, name: name) }
    var isStatus: Bool { subresource == "status" }

    func manager(isApply: Bool) -> ManagedFields.Manager {
        ManagedFields.Manager(
            name: fieldManager, isApply: isApply, apiVersion: kind.apiVersion, subresource: subresource)
    }

    /// Fields that a write through this path cannot change, so that it owns none of them.
    var ignoredFields: FieldSet {
        var set = ObjectMeta.unmanaged
        if writesEverything { return set }
        if isStatus {
            set.insert([.field("metadata")])
            for name in kind.schema.properties.keys where name != "status" && name != "metadata" {
                set.insert([.field(name)])
            }
        } else if kind.hasStatus {
            set.insert([.field("status")])
        }
        return set
    }
}

/// What a write came to.
struct WriteResult {
    /// The object as it is now, in the form that is stored.
    var object: JSONValue
    /// Where it was stored: watches and the answer share its bytes.
    var stored: StoredObject?
    var isCreated = false
    /// For the `Warning` headers.
    var warnings: [String] = []
}

extension WriteResult {
    init(_ stored: StoredObject, isCreated: Bool = false, warnings: [String]) {
        self.init(object: stored.value, stored: stored, isCreated: isCreated, warnings: warnings)
    }
}

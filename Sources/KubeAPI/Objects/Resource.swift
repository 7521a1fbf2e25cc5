/// Where a kind lives in the API.
package struct Resource: Hashable, Sendable {
    /// Empty for the core group.
    package var group: String
    package var version: String
    /// Lower case, as in URLs: `pods`.
    package var plural: String
    package var kind: String
    package var isNamespaced: Bool

    package init(group: String = "", version: String = "v1", plural: String, kind: String, isNamespaced: Bool = true) {
        self.group = group
        self.version = version
        self.plural = plural
        self.kind = kind
        self.isNamespaced = isNamespaced
    }

    /// As objects spell it: `v1`, `apps/v1`.
    package var apiVersion: String { group.isEmpty ? version : "\(group)/\(version)" }
}

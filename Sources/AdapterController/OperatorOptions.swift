package import AdapterPlanning

/// What the command line decides about the operator's work.
package struct OperatorOptions: Sendable {
    /// Namespaces to watch; none means all.
    package var namespaces: [String] = []
    /// Between two looks at a server at rest.
    package var probeInterval = Duration.seconds(30)
    /// Loads and unloads in flight in all; one a server.
    package var maxConcurrentLoads = 64
    /// How many adapters a server should have at most; more is warned of, and nil means no limit of ours.
    package var maxAdaptersPerServer: Int?
    package var paths = PathPolicy()
    package var addresses = AddressPolicy()
    /// The key for servers whose target names no Secret.
    package var defaultAPIKey: String?
    /// Use only Secrets with the label `lora-operator.dev/secret: allowed`.
    package var requiresSecretLabel = false
    /// What is wrong with the files at an adapter's path; nil where nothing is, or they are not to be seen from here.
    ///
    /// May take its time, like a network file system.
    package var checkFiles: (@Sendable (_ path: String) async -> SpecProblem?)?
    /// Objects planned at the same time.
    package var workers = 4

    package init() {}

    /// What is read apart from the rest: each of the namespaces once, sorted, or nil for all of them.
    var scopes: [String?] { namespaces.isEmpty ? [nil] : Set(namespaces).sorted() }
}

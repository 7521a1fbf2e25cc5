import DynamicJSON

/// The part of a kubeconfig that this program understands, of one file or of several merged.
struct Kubeconfig {
    struct Cluster {
        var server: String?
        var tlsServerName: String?
        var skipsVerification = false
        var authority: Material?
        var proxyURL: String?
        var acceptsCompression = true
        /// What a credential plugin is told of the cluster.
        var pluginConfiguration: JSONValue?
    }

    struct User {
        var certificate: Material?
        var key: Material?
        var token: String?
        var tokenFile: String?
        var exec: ExecPlugin?
        var providesClusterInfo = false
        var impersonation: Impersonation?
        /// What it asks for that cannot be done, and what to write instead.
        var problem: String?
    }

    struct Context {
        var cluster: String?
        var user: String?
        var namespace: String?
    }

    /// PEM in place or in a file; what is in place wins.
    enum Material {
        case data(String)
        case file(String)
    }

    var currentContext: String?
    var clusters: [String: Cluster] = [:]
    var users: [String: User] = [:]
    var contexts: [String: Context] = [:]

    /// Adds what is not there yet: the first file that sets a value or holds an entry wins.
    mutating func add(_ other: Kubeconfig) {
        currentContext = currentContext ?? other.currentContext
        clusters.merge(other.clusters) { mine, _ in mine }
        users.merge(other.users) { mine, _ in mine }
        contexts.merge(other.contexts) { mine, _ in mine }
    }
}

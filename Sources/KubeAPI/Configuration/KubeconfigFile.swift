import DynamicJSON
import Yams

/// A kubeconfig as it is written.
struct KubeconfigFile: Decodable {
    static let sizeLimit = 1 << 20

    private enum CodingKeys: String, CodingKey {
        case currentContext = "current-context"
        case clusters, users, contexts
    }

    private var currentContext: String?
    private var clusters: [NamedCluster]?
    private var users: [NamedUser]?
    private var contexts: [NamedContext]?

    private struct NamedCluster: Decodable {
        var name: String
        var cluster: Cluster?
    }

    private struct NamedUser: Decodable {
        var name: String
        var user: KubeconfigUser?
    }

    private struct NamedContext: Decodable {
        var name: String
        var context: Context?
    }

    /// Reads one file's text; paths in it are relative to `directory`.
    static func read(_ bytes: [UInt8], path: String) throws -> Kubeconfig {
        guard bytes.count <= sizeLimit else {
            throw KubeConfigurationError("\(path) is larger than 1 MiB: is it a kubeconfig?")
        }
        if bytes.starts(with: [0xFE, 0xFF]) || bytes.starts(with: [0xFF, 0xFE]) {
            throw KubeConfigurationError("\(path) is written in UTF-16: save it as UTF-8")
        }
        let text = bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? bytes.dropFirst(3) : bytes[...]
        guard let string = String(validating: text, as: UTF8.self) else {
            throw KubeConfigurationError("\(path) is not UTF-8: save it as UTF-8")
        }
        if string.allSatisfy(\.isWhitespace) { return Kubeconfig() }
        do {
            let file = try YAMLDecoder().decode(KubeconfigFile.self, from: string)
            return try file.kubeconfig(path: path)
        } catch let error as KubeConfigurationError {
            throw error
        } catch let error as DecodingError {
            throw KubeConfigurationError("\(path) is not a kubeconfig: \(error.summary)")
        } catch {
            throw KubeConfigurationError(
                "\(path) is not YAML: check it with `kubectl config view --kubeconfig \(path)`")
        }
    }

    private func kubeconfig(path: String) throws -> Kubeconfig {
        let directory = Path.directory(of: path)
        var result = Kubeconfig(currentContext: currentContext?.nonEmpty)
        for entry in clusters ?? [] {
            try result.clusters.addUnique(entry.name, (entry.cluster ?? Cluster()).resolved(in: directory), path)
        }
        for entry in users ?? [] {
            try result.users.addUnique(entry.name, (entry.user ?? KubeconfigUser()).resolved(in: directory), path)
        }
        for entry in contexts ?? [] {
            let context = entry.context ?? Context()
            try result.contexts.addUnique(
                entry.name,
                Kubeconfig.Context(
                    cluster: context.cluster, user: context.user, namespace: context.namespace?.nonEmpty), path)
        }
        return result
    }

    private struct Context: Decodable {
        var cluster: String?
        var user: String?
        var namespace: String?
    }

    private struct Cluster: Decodable {
        enum CodingKeys: String, CodingKey {
            case server
            case tlsServerName = "tls-server-name"
            case skipsVerification = "insecure-skip-tls-verify"
            case authorityFile = "certificate-authority"
            case authorityData = "certificate-authority-data"
            case proxyURL = "proxy-url"
            case refusesCompression = "disable-compression"
            case extensions
        }

        var server: String?
        var tlsServerName: String?
        var skipsVerification: Bool?
        var authorityFile: String?
        var authorityData: String?
        var proxyURL: String?
        var refusesCompression: Bool?
        var extensions: [Extension]?

        struct Extension: Decodable {
            var name: String
            var `extension`: JSONValue?
        }

        func resolved(in directory: String) -> Kubeconfig.Cluster {
            Kubeconfig.Cluster(
                server: server?.nonEmpty, tlsServerName: tlsServerName?.nonEmpty,
                skipsVerification: skipsVerification ?? false,
                authority: .first(authorityData, authorityFile, in: directory), proxyURL: proxyURL?.nonEmpty,
                acceptsCompression: refusesCompression != true,
                pluginConfiguration: extensions?.first { $0.name == "client.authentication.k8s.io/exec" }?.extension)
        }
    }
}

extension Kubeconfig.Material? {
    static func first(_ data: String?, _ file: String?, in directory: String) -> Self {
        if let data = data?.nonEmpty { return .data(data) }
        return file?.nonEmpty.map { .file(Path.resolve($0, in: directory)) }
    }
}

extension Dictionary where Key == String {
    fileprivate mutating func addUnique(_ name: String, _ value: Value, _ path: String) throws {
        guard updateValue(value, forKey: name) == nil else {
            throw KubeConfigurationError("\(path) has two entries named \"\(name)\": remove one of them")
        }
    }
}

extension String {
    var nonEmpty: String? { isEmpty ? nil : self }
}

/// Slashes only: no other system is meant.
enum Path {
    static func directory(of path: String) -> String {
        guard let slash = path.lastIndex(of: "/") else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }

    static func resolve(_ path: String, in directory: String) -> String {
        path.hasPrefix("/") ? path : directory == "/" ? "/\(path)" : "\(directory)/\(path)"
    }
}

import DynamicJSON
import YAML

/// A kubeconfig as it is written.
enum KubeconfigFile {
    /// Hundreds of clusters with certificates in place are a few megabytes.
    static let sizeLimit = 16 << 20

    /// Reads one file's text; paths in it are relative to `directory`.
    static func read(_ bytes: [UInt8], path: String) throws -> Kubeconfig {
        guard bytes.count <= sizeLimit else {
            throw KubeConfigurationError("\(path) is larger than 16 MiB: is it a kubeconfig?")
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
            guard let document = try YAMLNode.documents(of: string).first else { return Kubeconfig() }
            return try kubeconfig(KubeconfigField(document), path: path)
        } catch let error as KubeconfigField.Fault {
            throw KubeConfigurationError("\(path) is not a kubeconfig: \(error.description.oneLine(limit: 300))")
        } catch let error as YAMLError {
            throw KubeConfigurationError("\(path) is not YAML: \(error.description.oneLine(limit: 300))")
        }
    }

    private static func kubeconfig(_ file: KubeconfigField, path: String) throws -> Kubeconfig {
        for (name, expected) in [("apiVersion", "v1"), ("kind", "Config")] {
            guard let found = try file[name].string?.nonEmpty, found != expected else { continue }
            throw KubeconfigField.Fault(description: "its \(name) is \(found): expected \(expected)")
        }
        let directory = Path.directory(of: path)
        var result = Kubeconfig(currentContext: try file["current-context"].string?.nonEmpty)
        for entry in try file["clusters"].elements {
            let cluster = try Kubeconfig.Cluster(entry["cluster"], in: directory)
            try result.clusters.addUnique(entry["name"].required, cluster, path)
        }
        for entry in try file["users"].elements {
            let user = try Kubeconfig.User(entry["user"], in: directory)
            try result.users.addUnique(entry["name"].required, user, path)
        }
        for entry in try file["contexts"].elements {
            let context = try entry["context"]
            try result.contexts.addUnique(
                entry["name"].required,
                Kubeconfig.Context(
                    cluster: context["cluster"].string, user: context["user"].string,
                    namespace: context["namespace"].string?.nonEmpty), path)
        }
        return result
    }
}

extension Kubeconfig.Cluster {
    fileprivate init(_ cluster: KubeconfigField, in directory: String) throws {
        self.init(
            server: try cluster["server"].string?.nonEmpty,
            tlsServerName: try cluster["tls-server-name"].string?.nonEmpty,
            skipsVerification: try cluster["insecure-skip-tls-verify"].bool ?? false,
            authority: .first(
                try cluster["certificate-authority-data"].string, try cluster["certificate-authority"].string,
                in: directory),
            proxyURL: try cluster["proxy-url"].string?.nonEmpty,
            acceptsCompression: try cluster["disable-compression"].bool != true,
            pluginConfiguration: try Self.pluginConfiguration(cluster["extensions"]))
    }

    private static func pluginConfiguration(_ extensions: KubeconfigField) throws -> JSONValue? {
        for entry in try extensions.elements
        where try entry["name"].required == "client.authentication.k8s.io/exec" {
            return try entry["extension"].json
        }
        return nil
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

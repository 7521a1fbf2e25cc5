import Effects

/// A user of a kubeconfig as it is written.
private struct KubeconfigUser {
    struct Exec {
        var command: String?
        var args: [String]
        var env: [(name: String, value: String)]
        var apiVersion: String?
        var installHint: String?
        var providesClusterInfo: Bool
        var interactiveMode: String?

        /// Nil where there is none.
        init?(_ exec: KubeconfigField) throws {
            if exec.isAbsent { return nil }
            command = try exec["command"].string
            args = try exec["args"].strings
            env = try exec["env"].elements.map { (try $0["name"].required, try $0["value"].string ?? "") }
            apiVersion = try exec["apiVersion"].string
            installHint = try exec["installHint"].string
            providesClusterInfo = try exec["provideClusterInfo"].bool ?? false
            interactiveMode = try exec["interactiveMode"].string
        }
    }

    private var certificateFile: String?
    private var certificateData: String?
    private var keyFile: String?
    private var keyData: String?
    private var token: String?
    private var tokenFile: String?
    private var username: String?
    private var user: String?
    private var uid: String?
    private var groups: [String]
    private var extra: [String: [String]]
    private var exec: Exec?
    private var hasAuthProvider: Bool

    init(_ field: KubeconfigField) throws {
        certificateFile = try field["client-certificate"].string
        certificateData = try field["client-certificate-data"].string
        keyFile = try field["client-key"].string
        keyData = try field["client-key-data"].string
        token = try field["token"].string
        tokenFile = try field["tokenFile"].string
        username = try field["username"].string
        user = try field["as"].string
        uid = try field["as-uid"].string
        groups = try field["as-groups"].strings
        extra = try field["as-user-extra"].fields.mapValues { try $0.strings }
        exec = try Exec(field["exec"])
        hasAuthProvider = try !field["auth-provider"].isAbsent
    }

    func resolved(in directory: String) -> Kubeconfig.User {
        Kubeconfig.User(
            certificate: .first(certificateData, certificateFile, in: directory),
            key: .first(keyData, keyFile, in: directory), token: token?.nonEmpty,
            tokenFile: tokenFile?.nonEmpty.map { Path.resolve($0, in: directory) },
            exec: exec.map { plugin($0, in: directory) }, providesClusterInfo: exec?.providesClusterInfo ?? false,
            impersonation: user?.nonEmpty.map {
                Impersonation(user: $0, uid: uid?.nonEmpty, groups: groups, extra: extra)
            }, problem: problem)
    }

    private func plugin(_ exec: Exec, in directory: String) -> ExecPlugin {
        let command = exec.command ?? ""
        let environment = exec.env.map { ($0.name, $0.value) }
        return ExecPlugin(
            // A name alone is looked up in PATH.
            command: command.contains("/") ? Path.resolve(command, in: directory) : command,
            arguments: exec.args, environment: Dictionary(environment) { _, last in last },
            apiVersion: exec.apiVersion ?? "", installHint: exec.installHint?.trimmed ?? "")
    }

    /// Leaving out what a user asks for would mean acting as somebody else.
    private var problem: String? {
        if hasAuthProvider { return "auth-provider was removed from Kubernetes: use exec" }
        if username?.nonEmpty != nil { return "basic authentication was removed from Kubernetes: use a token" }
        let isNobody = user?.nonEmpty == nil
        if isNobody, uid?.nonEmpty != nil || !groups.isEmpty || !extra.isEmpty {
            return "as-uid, as-groups or as-user-extra is given without as: add the user to impersonate"
        }
        return exec.flatMap(problem(with:))
    }

    private func problem(with exec: Exec) -> String? {
        if exec.command?.nonEmpty == nil { return "exec names no command: add it" }
        let group = "client.authentication.k8s.io"
        guard let version = exec.apiVersion, ["\(group)/v1", "\(group)/v1beta1"].contains(version) else {
            return "exec needs apiVersion \(group)/v1 or v1beta1"
        }
        switch exec.interactiveMode?.nonEmpty {
        case "Never", "IfAvailable": return nil
        case "Always": return "the exec plugin wants a terminal (interactiveMode: Always): choose another"
        case nil where version.hasSuffix("beta1"): return nil
        default: return "exec needs interactiveMode: Never or IfAvailable"
        }
    }
}

extension Kubeconfig.User {
    /// What the user of a file in `directory` is, where relative paths start.
    init(_ user: KubeconfigField, in directory: String) throws {
        self = try KubeconfigUser(user).resolved(in: directory)
    }
}

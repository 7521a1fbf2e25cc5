package import DynamicJSON

/// A program that tells who sends requests: `users[].user.exec` of a kubeconfig.
///
/// Source: the API group `client.authentication.k8s.io`, versions v1 and v1beta1.
package struct ExecPlugin: Hashable, Sendable {
    package var command: String
    package var arguments: [String]
    package var environment: [String: String]
    package var apiVersion: String
    /// How to get the program, for whoever lacks it.
    package var installHint: String
    /// What the program is told of the cluster; nil unless `provideClusterInfo: true`.
    package var cluster: JSONValue?

    /// What to run: `KUBERNETES_EXEC_INFO` tells it what is expected.
    func program() throws -> Program {
        var spec: [String: JSONValue] = ["interactive": .bool(false)]
        spec["cluster"] = cluster
        let information: JSONValue = .object([
            "apiVersion": .string(apiVersion), "kind": .string("ExecCredential"), "spec": .object(spec),
        ])
        var environment = environment
        environment["KUBERNETES_EXEC_INFO"] = String(decoding: try JSON.encode(information), as: UTF8.self)
        return Program(command: command, arguments: arguments, environment: environment)
    }
}

/// What a plugin printed.
struct ExecCredential: Hashable, Sendable {
    var token: String?
    /// PEM; both or neither.
    var certificate: [UInt8]?
    var key: [UInt8]?
    /// In seconds since 1970; nil for ever, or until the server refuses it.
    var expiresAt: Double?

    private struct Document: Decodable {
        struct Status: Decodable {
            var token: String?
            var clientCertificateData: String?
            var clientKeyData: String?
            var expirationTimestamp: String?
        }

        var apiVersion: String
        var kind: String
        var status: Status?
    }

    /// Reads a plugin's output.
    /// - Throws: ``ProgramFailure`` that says what is wrong with it, and nothing of what it holds.
    init(_ output: [UInt8], apiVersion: String) throws {
        guard let document = try? JSON.decode(Document.self, from: output) else {
            throw ProgramFailure("printed no ExecCredential")
        }
        guard document.kind == "ExecCredential", document.apiVersion == apiVersion else {
            throw ProgramFailure(
                "printed \(document.kind) of \(document.apiVersion): an ExecCredential of \(apiVersion) is expected")
        }
        guard let status = document.status else { throw ProgramFailure("printed no status") }
        token = status.token?.nonEmpty
        certificate = status.clientCertificateData?.nonEmpty.map { Array($0.utf8) }
        key = status.clientKeyData?.nonEmpty.map { Array($0.utf8) }
        expiresAt = status.expirationTimestamp.flatMap(Timestamp.parse)
        guard (expiresAt == nil) == (status.expirationTimestamp == nil) else {
            throw ProgramFailure("printed a credential that expires when nobody can tell")
        }
        guard (certificate == nil) == (key == nil) else {
            throw ProgramFailure("printed a client certificate or a key without the other")
        }
        guard token != nil || certificate != nil else {
            throw ProgramFailure("printed neither a token nor a client certificate")
        }
        guard [certificate, key].compactMap(\.self).allSatisfy(PEM.isWhole) else {
            throw ProgramFailure("printed a client certificate or a key that is not PEM")
        }
    }
}

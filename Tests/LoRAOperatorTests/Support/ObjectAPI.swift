import DynamicJSON
import Effects
import Foundation
import KubeAPI

/// Objects of an API server as JSON: what kubectl would do, and with nothing of the operator's own client.
struct ObjectAPI: Sendable {
    /// What the server answered where a success was wanted.
    struct Refusal: Error, CustomStringConvertible {
        var description: String
        var status: Int
    }

    let configuration: KubeConfiguration
    let http: any HTTPTransport
    var namespace = "default"

    @discardableResult
    func create(_ plural: String, _ object: JSONValue) async throws -> JSONValue {
        try await send(.post, plural, body: object)
    }

    /// The object, or nil where there is none.
    func get(_ plural: String, _ name: String) async throws -> JSONValue? {
        do {
            return try await send(.get, plural, name)
        } catch let refusal as Refusal where refusal.status == 404 {
            return nil
        }
    }

    func list(_ plural: String) async throws -> [JSONValue] {
        try await send(.get, plural)["items"]?.arrayValue ?? []
    }

    /// Server-side apply, as `kubectl apply --server-side` does it.
    @discardableResult
    func apply(_ plural: String, _ object: JSONValue) async throws -> JSONValue {
        let name = object["metadata", "name"]?.stringValue ?? ""
        return try await send(
            .patch, plural, "\(name)?fieldManager=test&force=true", "application/apply-patch+yaml", body: object)
    }

    /// Merge patch, as `kubectl patch --type=merge` does it.
    @discardableResult
    func patch(
        _ plural: String, _ name: String, _ change: JSONValue, subresource: String = ""
    ) async throws -> JSONValue {
        let path = subresource.isEmpty ? name : "\(name)/\(subresource)"
        return try await send(.patch, plural, path, "application/merge-patch+json", body: change)
    }

    func delete(_ plural: String, _ name: String) async throws {
        try await send(.delete, plural, name, body: ["apiVersion": "v1", "kind": "DeleteOptions"])
    }

    @discardableResult
    private func send(
        _ method: HTTPRequest.Method, _ plural: String, _ rest: String = "",
        _ contentType: String = "application/json", body: JSONValue? = nil
    ) async throws -> JSONValue {
        var request = HTTPRequest(method, configuration.server + path(plural) + (rest.isEmpty ? "" : "/\(rest)"))
        request.headers = [HTTPHeader("Accept", "application/json")]
        if case .token(let token) = configuration.credentials {
            request.headers.append(HTTPHeader("Authorization", "Bearer \(token)"))
        }
        if let body {
            request.headers.append(HTTPHeader("Content-Type", contentType))
            request.body = body.encoded
        }
        request.options.tls = configuration.tls
        let reply = try await http.send(request)
        guard 200..<300 ~= reply.head.status else {
            let text = String(decoding: reply.body, as: UTF8.self)
            throw Refusal(description: "\(method.rawValue) \(plural)/\(rest): \(text)", status: reply.head.status)
        }
        return try JSONDecoder().decode(JSONValue.self, from: Data(reply.body))
    }

    private func path(_ plural: String) -> String {
        switch plural {
        case "namespaces": "/api/v1/\(plural)"
        case "customresourcedefinitions": "/apis/apiextensions.k8s.io/v1/\(plural)"
        case "endpointslices": "/apis/discovery.k8s.io/v1/namespaces/\(namespace)/\(plural)"
        case "deployments": "/apis/apps/v1/namespaces/\(namespace)/\(plural)"
        case "leases": "/apis/coordination.k8s.io/v1/namespaces/\(namespace)/\(plural)"
        case "events": "/apis/events.k8s.io/v1/namespaces/\(namespace)/\(plural)"
        case "loraadapters", "servedmodels": "/apis/lora-operator.dev/v1alpha1/namespaces/\(namespace)/\(plural)"
        default: "/api/v1/namespaces/\(namespace)/\(plural)"
        }
    }
}

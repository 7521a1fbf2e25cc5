import Effects

extension KubeClient {
    /// Reads one object, as the store of the server knows it now.
    package func get<Object: KubeObject>(
        _ type: Object.Type = Object.self, _ key: NamespacedName
    ) async throws -> Object {
        let target = RequestTarget(type, key)
        let attempt = "get \(target.description)"
        return try await exchange(Call(attempt: attempt, target: target, repeats: repeats)) { response, _ in
            try await object(type, in: response, attempt: attempt)
        }
    }

    /// Reads a collection: page by page where `options` has a limit, else in one piece.
    ///
    /// An expired continue token leads to one list of everything at once; pages read before it are dropped. Without a
    /// namespace it reads all of them, or a cluster-scoped kind.
    package func list<Object: KubeObject>(
        _ type: Object.Type = Object.self, in namespace: String? = nil, _ options: ListOptions = ListOptions()
    ) async throws -> ObjectList<Object> {
        var list = try await page(type, in: namespace, options, from: "")
        do {
            while !list.continueToken.isEmpty {
                let next = try await page(type, in: namespace, options, from: list.continueToken)
                guard next.continueToken != list.continueToken else {
                    throw APIError.unexpectedAnswer(
                        "the list never ends", attempt: "list \(type.resource.plural)")
                }
                list.items += next.items
                list.undecodable += next.undecodable
                list.continueToken = next.continueToken
            }
        } catch APIError.expired {
            var whole = options
            whole.limit = nil
            return try await page(type, in: namespace, whole, from: "")
        }
        return list
    }

    private func page<Object: KubeObject>(
        _ type: Object.Type, in namespace: String?, _ selection: ListOptions, from token: String
    ) async throws -> ObjectList<Object> {
        let target = RequestTarget(resource: type.resource, namespace: namespace)
        var call = Call(attempt: "list \(target.description)", target: target, repeats: repeats)
        call.query = selection.query(from: token)
        var options = Self.options
        options.connection = .own("list-\(target.description)")
        options.totalTimeout = .seconds(300)
        options.idleTimeout = .seconds(30)
        // Elements are decoded one by one: the framer bounds what is held, not the length of the list.
        options.bodyLimit = .max
        call.options = options
        let attempt = call.attempt
        return try await exchange(call) { response, _ in
            try requireJSON(response.head, attempt: attempt)
            return try await ListReader<Object>(attempt: attempt).read(response.body)
        }
    }

    /// Reads the one object of a response.
    func object<Object: KubeObject>(
        _ type: Object.Type, in response: HTTPResponse, attempt: String
    ) async throws -> Object {
        try requireJSON(response.head, attempt: attempt)
        var body: [UInt8] = []
        for try await chunk in response.body { body += chunk }
        do {
            return try JSON.decode(Typed<Object>.self, from: body).object
        } catch let error as WrongKind {
            throw APIError.unexpectedAnswer(error.description, attempt: attempt)
        } catch let error as DecodingError {
            throw APIError.decoding(error.summary, attempt: attempt)
        }
    }

    func requireJSON(_ head: HTTPResponseHead, attempt: String) throws {
        let type = head["Content-Type"] ?? ""
        guard type.lowercased().hasPrefix("application/json") else {
            throw APIError.unexpectedAnswer(
                "an answer of type \"\(type.oneLine(limit: 100))\" does not come from an API server", attempt: attempt)
        }
    }
}

extension RequestTarget {
    init<Object: KubeObject>(_ type: Object.Type, _ key: NamespacedName, subresource: String? = nil) {
        self.init(
            resource: type.resource, namespace: type.resource.isNamespaced ? key.namespace : nil, name: key.name,
            subresource: subresource)
    }
}

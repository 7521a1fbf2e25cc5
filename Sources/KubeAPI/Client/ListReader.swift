import Effects

/// Decodes a list while it arrives, element by element.
struct ListReader<Object: KubeObject> {
    private struct Head: Decodable {
        struct Metadata: Decodable {
            var resourceVersion: String?
            var `continue`: String?
        }

        var metadata: Metadata?
    }

    let attempt: String
    private var framer = ListFramer()
    private var list = ObjectList<Object>(items: [], resourceVersion: "")

    init(attempt: String) { self.attempt = attempt }

    func read(_ body: HTTPBody) async throws -> ObjectList<Object> {
        var reader = self
        do {
            for try await chunk in body { try reader.read(chunk) }
            return try reader.end()
        } catch let error as FramingError {
            throw APIError.unexpectedAnswer(error.description, attempt: attempt)
        } catch let error as WrongKind {
            throw APIError.unexpectedAnswer(error.description, attempt: attempt)
        } catch let error as DecodingError {
            throw APIError.unexpectedAnswer(error.summary, attempt: attempt)
        }
    }

    private mutating func read(_ chunk: [UInt8]) throws {
        var index = 0
        while let element = try framer.next(in: chunk, from: &index) {
            do {
                switch try JSON.decode(Attempted<Object>.self, from: element) {
                case .object(let object): list.items.append(object)
                case .undecodable(let object): list.undecodable.append(object)
                }
            } catch {
                list.undecodable.append(Identity().undecodable(because: error))
            }
        }
    }

    private mutating func end() throws -> ObjectList<Object> {
        let envelope = try framer.envelope()
        try JSON.decode(TypeMeta.self, from: envelope).require("\(Object.resource.kind)List", of: Object.resource)
        let head = try JSON.decode(Head.self, from: envelope)
        list.resourceVersion = head.metadata?.resourceVersion ?? ""
        list.continueToken = head.metadata?.continue ?? ""
        return list
    }
}

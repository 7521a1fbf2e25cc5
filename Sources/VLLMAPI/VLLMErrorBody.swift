import Effects

/// What an error answer says, in any of the shapes that vLLM and what stands before it use.
struct VLLMErrorBody {
    /// vLLM's word for the kind, such as `NotFoundError` or `InvalidUserInput`.
    var type: String?
    /// The text for people, not yet made safe.
    var message: String?
    /// True for `{"detail": …}`: the web framework's answer where there is no such route.
    var isDetail = false
    /// True where a web page came: no vLLM wrote it.
    var isMarkup = false

    init(_ reply: HTTPReply) {
        let text = JSONText(reply.body)
        if let shape = text.decode(Shape.self) {
            switch shape.error {
            case .object(let message, let type):
                self.message = message
                self.type = type
            case .text(let text): message = text
            case nil:
                message = shape.message ?? shape.detail
                type = shape.type
                isDetail = shape.detail != nil && shape.message == nil
            }
        } else if text.looksLikeMarkup || reply.head["content-type"]?.lowercased().contains("html") == true {
            isMarkup = true
        } else if !reply.body.isEmpty {
            message = String(decoding: reply.body.prefix(4096), as: UTF8.self)
        }
    }
}

/// The keys that all the shapes have between them.
private struct Shape: Decodable {
    /// vLLM since 0.10.1 nests an object; the API key check answers with a text.
    enum Nested: Decodable {
        case object(message: String?, type: String?)
        case text(String)

        private enum CodingKeys: String, CodingKey { case message, type }

        init(from decoder: any Decoder) throws {
            if let text = try? decoder.singleValueContainer().decode(String.self) {
                self = .text(text)
                return
            }
            let object = try decoder.container(keyedBy: CodingKeys.self)
            self = .object(
                message: try? object.decodeIfPresent(String.self, forKey: .message),
                type: try? object.decodeIfPresent(String.self, forKey: .type))
        }
    }

    var error: Nested?
    /// vLLM before 0.10.1, beside `"object": "error"`.
    var message: String?
    var type: String?
    var detail: String?

    private enum CodingKeys: String, CodingKey { case error, message, type, detail }

    init(from decoder: any Decoder) throws {
        let object = try decoder.container(keyedBy: CodingKeys.self)
        error = try? object.decodeIfPresent(Nested.self, forKey: .error)
        message = try? object.decodeIfPresent(String.self, forKey: .message)
        type = try? object.decodeIfPresent(String.self, forKey: .type)
        detail = try? object.decodeIfPresent(String.self, forKey: .detail)
    }
}

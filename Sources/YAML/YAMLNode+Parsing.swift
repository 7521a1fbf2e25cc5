import CYAML

extension YAMLNode {
    /// The documents of a text, empty ones included, which are null.
    ///
    /// - Throws: ``YAMLError`` for the first thing that is wrong, keys that are there twice, and aliases that multiply.
    package static func documents(of text: String) throws -> [YAMLNode] {
        // libyaml takes no null pointer.
        if text.isEmpty { return [] }
        let bytes = Array(text.utf8)
        // It keeps the parser's own address, which therefore must not change.
        let parser = UnsafeMutablePointer<yaml_parser_t>.allocate(capacity: 1)
        defer { unsafe parser.deallocate() }
        guard unsafe yaml_parser_initialize(parser) == 1 else { throw YAMLError(line: 1, problem: "out of memory") }
        defer { unsafe yaml_parser_delete(parser) }
        return try unsafe bytes.withUnsafeBufferPointer { input in
            unsafe yaml_parser_set_input_string(parser, input.baseAddress, input.count)
            var reader = DocumentReader()
            var documents: [YAMLNode] = []
            while true {
                var document = unsafe yaml_document_t()
                guard unsafe yaml_parser_load(parser, &document) == 1 else {
                    throw unsafe YAMLError(parser.pointee, input: bytes)
                }
                defer { unsafe yaml_document_delete(&document) }
                guard let root = try unsafe reader.root(of: &document) else { return documents }
                documents.append(root)
            }
        }
    }
}

/// Takes over what libyaml composed.
private struct DocumentReader {
    /// More than this, counting an anchor at each use, are refused: aliases multiply.
    private var nodesLeft = 200_000
    /// Nesting, and an alias inside of what it stands for.
    private static let depthLimit = 100

    /// Nil at the end of the text.
    mutating func root(of document: inout yaml_document_t) throws -> YAMLNode? {
        guard let root = unsafe yaml_document_get_root_node(&document) else { return nil }
        return try unsafe node(root.pointee, of: &document, depth: 0)
    }

    private mutating func node(_ node: yaml_node_t, of document: inout yaml_document_t, depth: Int) throws -> YAMLNode {
        let line = unsafe Int(clamping: node.start_mark.line) + 1
        nodesLeft -= 1
        guard nodesLeft > 0, depth < Self.depthLimit else {
            throw YAMLError(line: line, problem: "document too large or too deep")
        }
        switch unsafe node.type {
        case YAML_SEQUENCE_NODE:
            let items = unsafe node.data.sequence.items
            let indices = unsafe Array(UnsafeBufferPointer(start: items.start, count: items.top - items.start))
            var elements: [YAMLNode] = []
            for index in indices {
                elements.append(try unsafe child(index, of: &document, depth: depth, line: line))
            }
            return YAMLNode(content: .sequence(elements), line: line)
        case YAML_MAPPING_NODE:
            let items = unsafe node.data.mapping.pairs
            let pairs = unsafe Array(UnsafeBufferPointer(start: items.start, count: items.top - items.start))
            var members = Members()
            for pair in pairs {
                let key = try unsafe child(pair.key, of: &document, depth: depth, line: line)
                try members.add(key, try unsafe child(pair.value, of: &document, depth: depth, line: line))
            }
            return YAMLNode(content: .mapping(members.all), line: line)
        default:
            let scalar = unsafe node.data.scalar
            let text = unsafe String(
                decoding: UnsafeBufferPointer(start: scalar.value, count: scalar.length), as: UTF8.self)
            let isPlain = unsafe scalar.style == YAML_PLAIN_SCALAR_STYLE
            return YAMLNode(content: .scalar(text, isPlain: isPlain), line: line)
        }
    }

    private mutating func child(
        _ index: CInt, of document: inout yaml_document_t, depth: Int, line: Int
    ) throws
        -> YAMLNode
    {
        guard let child = unsafe yaml_document_get_node(&document, index) else {
            throw YAMLError(line: line, problem: "a value is missing")
        }
        return try unsafe node(child.pointee, of: &document, depth: depth + 1)
    }
}

/// What a mapping holds.
///
/// What it merges (`<<: *defaults`) gives way to what it says itself.
private struct Members {
    private var own: [String: YAMLNode] = [:]
    private var merged: [String: YAMLNode] = [:]

    var all: [String: YAMLNode] { merged.merging(own) { _, own in own } }

    mutating func add(_ key: YAMLNode, _ value: YAMLNode) throws {
        guard case .scalar(let name, let isPlain) = key.content else {
            throw YAMLError(line: key.line, problem: "a key must be text")
        }
        if isPlain, name == "<<" {
            try merge(value)
        } else if own.updateValue(value, forKey: name) != nil {
            throw YAMLError(line: key.line, problem: "the key \(name) is there twice")
        }
    }

    private mutating func merge(_ value: YAMLNode) throws {
        switch value.content {
        case .mapping(let members): merged.merge(members) { first, _ in first }
        case .sequence(let elements): for element in elements { try merge(element) }
        case .scalar: throw YAMLError(line: value.line, problem: "only a mapping can be merged")
        }
    }
}

extension YAMLError {
    fileprivate init(_ parser: yaml_parser_t, input: [UInt8]) {
        let problem = unsafe parser.problem.map { unsafe String(cString: $0) } ?? "cannot be read"
        switch unsafe parser.error {
        case YAML_READER_ERROR:
            // It has no mark: characters that YAML does not have.
            let before = unsafe input.prefix(Int(clamping: parser.problem_offset))
            self.init(line: before.count { $0 == 0x0A } + 1, problem: problem)
        default:
            let context = unsafe parser.context.map { unsafe String(cString: $0) + ": " } ?? ""
            // What is missing at the end is missing in the last line, not in the one after it.
            let last = input.dropLast().count { $0 == 0x0A }
            self.init(line: unsafe min(Int(clamping: parser.problem_mark.line), last) + 1, problem: context + problem)
        }
    }
}

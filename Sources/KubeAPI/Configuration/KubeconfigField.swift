import DynamicJSON
import YAML

/// One value of a kubeconfig and the way to it, for what is said when it is not as it should be.
struct KubeconfigField {
    struct Fault: Error, CustomStringConvertible {
        var description: String
    }

    /// Nil where there is none, or null.
    private let node: YAMLNode?
    private let path: String

    init(_ node: YAMLNode) { self.init(node, path: "") }

    private init(_ node: YAMLNode?, path: String) {
        if case .scalar = node?.content, node?.json.isNull == true {
            self.node = nil
        } else {
            self.node = node
        }
        self.path = path
    }

    var isAbsent: Bool { node == nil }
    var json: JSONValue? { node?.json }

    subscript(name: String) -> KubeconfigField {
        get throws { KubeconfigField(try members[name], path: path.isEmpty ? name : "\(path).\(name)") }
    }

    /// Text, a plain number or whatever else a scalar says.
    var string: String? {
        get throws {
            guard let node else { return nil }
            guard case .scalar(let text, _) = node.content else { throw expected("text") }
            return text
        }
    }

    var required: String {
        get throws {
            guard let text = try string else { throw Fault(description: "\(path) is missing") }
            return text
        }
    }

    /// Also in the words of YAML 1.1, as kubectl reads them.
    var bool: Bool? {
        get throws {
            guard let node else { return nil }
            guard case .scalar(let text, isPlain: true) = node.content else { throw expected("true or false") }
            switch text.lowercased() {
            case "true", "yes", "on": return true
            case "false", "no", "off": return false
            default: throw expected("true or false")
            }
        }
    }

    var elements: [KubeconfigField] {
        get throws {
            guard let node else { return [] }
            guard case .sequence(let elements) = node.content else { throw expected("a list") }
            return elements.enumerated().map { KubeconfigField($1, path: "\(path)[\($0)]") }
        }
    }

    /// A list of text; null is none.
    var strings: [String] { get throws { try elements.map { try $0.required } } }

    /// What a mapping holds, by name.
    var fields: [String: KubeconfigField] {
        get throws {
            var fields: [String: KubeconfigField] = [:]
            for name in try members.keys { fields[name] = try self[name] }
            return fields
        }
    }

    private var members: [String: YAMLNode] {
        get throws {
            guard let node else { return [:] }
            guard case .mapping(let members) = node.content else { throw expected("a mapping") }
            return members
        }
    }

    private func expected(_ what: String) -> Fault {
        let line = node.map { "line \($0.line): " } ?? ""
        return Fault(description: line + (path.isEmpty ? "expected \(what)" : "\(path): expected \(what)"))
    }
}

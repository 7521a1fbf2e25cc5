/// The next thing to do on one server for one object.
package enum ServerAction: Hashable, Sendable {
    /// Load under a name that is free.
    case load(name: String, path: String, is3D: Bool, timeout: Duration)
    /// Load under a name that is taken by `root`: after an unload, or with `load_inplace`; see `update.strategy`.
    ///
    /// `isOverwrite` where what stands under the name belongs to nobody.
    case replace(
        name: String, root: String, path: String, is3D: Bool, inPlace: Bool, isOverwrite: Bool, timeout: Duration)
    /// `path` is what the list showed, so that an outcome can be told from that of a later load.
    case unload(name: String, path: String)

    package var name: String {
        switch self {
        case .load(let name, _, _, _), .replace(let name, _, _, _, _, _, _), .unload(let name, _): name
        }
    }

    package var path: String {
        switch self {
        case .load(_, let path, _, _), .replace(_, _, let path, _, _, _, _), .unload(_, let path): path
        }
    }

    /// What it takes away, although vLLM is told the name alone; nil where the name must be free.
    package var takenRoot: String? {
        switch self {
        case .load: nil
        case .replace(_, let root, _, _, _, _, _), .unload(_, let root): root
        }
    }

    package var operation: Attempt.Operation {
        switch self {
        case .load, .replace: .load
        case .unload: .unload
        }
    }

    package var isLoad: Bool { operation == .load }

    package var is3D: Bool {
        switch self {
        case .load(_, _, let is3D, _), .replace(_, _, _, let is3D, _, _, _): is3D
        case .unload: false
        }
    }

    package var inPlace: Bool {
        if case .replace(_, _, _, _, inPlace: true, _, _) = self { true } else { false }
    }

    package var isOverwrite: Bool {
        if case .replace(_, _, _, _, _, isOverwrite: true, _) = self { true } else { false }
    }
}

/// The next thing to do on one server for one object.
package enum ServerAction: Hashable, Sendable {
    /// `isOverwrite` where what stands under the name belongs to nobody.
    case load(name: String, path: String, is3D: Bool, inPlace: Bool, isOverwrite: Bool, timeout: Duration)
    /// Unload the entry of that name, then load the path under it: `update.strategy: Recreate`.
    case replace(name: String, path: String, is3D: Bool, isOverwrite: Bool, timeout: Duration)
    /// `path` is what the list showed, so that an outcome can be told from that of a later load.
    case unload(name: String, path: String)

    package var name: String {
        switch self {
        case .load(let name, _, _, _, _, _), .replace(let name, _, _, _, _), .unload(let name, _): name
        }
    }

    package var path: String {
        switch self {
        case .load(_, let path, _, _, _, _), .replace(_, let path, _, _, _), .unload(_, let path): path
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
        case .load(_, _, let is3D, _, _, _), .replace(_, _, let is3D, _, _): is3D
        case .unload: false
        }
    }

    package var inPlace: Bool {
        if case .load(_, _, _, inPlace: true, _, _) = self { true } else { false }
    }

    package var isOverwrite: Bool {
        switch self {
        case .load(_, _, _, _, let isOverwrite, _), .replace(_, _, _, let isOverwrite, _): isOverwrite
        case .unload: false
        }
    }
}

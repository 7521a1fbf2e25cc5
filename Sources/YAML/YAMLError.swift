/// What is wrong with a YAML text, and where.
package struct YAMLError: Error, Equatable, CustomStringConvertible {
    /// From 1.
    package let line: Int
    package let problem: String

    package var description: String { "line \(line): \(problem)" }
}

/// Why there is no usable configuration: one sentence that says what to do about it.
package struct KubeConfigurationError: Error, Hashable, Sendable, CustomStringConvertible {
    package var description: String

    package init(_ description: String) { self.description = description.oneLine(limit: 1024) }
}

/// Why a server cannot listen, in a sentence for whoever started it.
package struct HTTPServerError: Error, Hashable, Sendable, CustomStringConvertible {
    /// True where another process, or another server of this one, has the address.
    package var isAddressInUse: Bool
    package var description: String

    package init(_ description: String, isAddressInUse: Bool = false) {
        self.description = description
        self.isAddressInUse = isAddressInUse
    }
}

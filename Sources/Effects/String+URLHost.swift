extension String {
    /// A host as URLs write it: an IPv6 literal in brackets.
    package var urlHost: String { contains(":") ? "[\(self)]" : self }
}

/// When two resource versions of one kind may be compared, by the rule of KEP-5504.
package enum ResourceVersion {
    /// True if `left` is older than `right`, false if it is not, nil if they cannot be compared.
    ///
    /// Comparable are decimal numbers without a leading zero, of any length; everything else is opaque.
    package static func isOlder(_ left: String, than right: String) -> Bool? {
        guard isComparable(left), isComparable(right) else { return nil }
        let (left, right) = (left.utf8, right.utf8)
        return left.count == right.count ? left.lexicographicallyPrecedes(right) : left.count < right.count
    }

    private static func isComparable(_ version: String) -> Bool {
        guard let first = version.utf8.first, first != UInt8(ascii: "0") else { return false }
        return version.utf8.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
    }
}

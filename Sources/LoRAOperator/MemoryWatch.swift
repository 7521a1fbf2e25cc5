/// What memory in use means beside its limit; pure.
struct MemoryWatch {
    enum Finding: Hashable {
        case well
        /// Little is left: what can be had again should go. `isNews` unless it was said already.
        case short(isNews: Bool)
        /// There is enough again.
        case recovered
    }

    /// Bytes at which the kernel ends the process.
    let limit: Int
    private(set) var isShort = false

    init(limit: Int) { self.limit = limit }

    /// Looks at the memory in use, in bytes: it is short from 80 % of the limit on, until it is below 70 %.
    mutating func look(at used: Int) -> Finding {
        let isLow = used >= limit / 10 * (isShort ? 7 : 8)
        defer { isShort = isLow }
        if isLow { return .short(isNews: !isShort) }
        return isShort ? .recovered : .well
    }
}

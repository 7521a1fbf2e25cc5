extension [ServerVerdict] {
    /// Takes replacements back that would leave more than `limit` of the `wanted` servers without the adapter, and all
    /// of them once a load has failed: the other servers keep what they have.
    mutating func limitReplacements(of wanted: Int, to limit: Int) {
        let hasStopped = contains(where: \.hasFailedLoad)
        var available = count { $0.isAvailable }
        for index in indices where self[index].isReplacement && self[index].isAvailable && self[index].action != nil {
            if wanted - (available - 1) > limit || hasStopped && !self[index].hasFailedLoad {
                self[index].action = nil
            } else {
                available -= 1
            }
        }
    }

    mutating func takeBackLoads() { self = map(\.withoutLoad) }
}

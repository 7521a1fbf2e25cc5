import Testing

@testable import LoRAOperator

struct ManifestHoldingsTests {
    private let sql = ManifestKey(.adapter, namespace: "default", name: "sql")
    private let key = ManifestKey(.secret, namespace: "default", name: "key")

    @Test func `what a file does not name any more is gone`() {
        var holdings = ManifestHoldings()
        #expect(holdings.set([sql, key], of: "a") == .init())
        #expect(holdings.set([key], of: "a") == .init(gone: [sql]))
        #expect(!holdings.isNamed(sql) && holdings.isNamed(key))
        #expect(holdings.set([], of: "a") == .init(gone: [key]))
    }

    @Test func `a file that is not taken as it is takes nothing away until it is`() {
        var holdings = ManifestHoldings()
        _ = holdings.set([sql], of: "a")
        #expect(holdings.set([key], of: "a", keepsFormer: true) == .init())
        #expect(holdings.isNamed(sql))
        #expect(holdings.set([key], of: "a") == .init(gone: [sql]))
    }

    @Test func `of two files the first has the object, and the other one inherits it`() {
        var holdings = ManifestHoldings()
        _ = holdings.set([sql], of: "b")
        #expect(holdings.holder(of: sql, besides: "a") == "b" && holdings.holder(of: sql, besides: "b") == nil)
        #expect(holdings.set([sql, key], of: "a") == .init())
        #expect(holdings.set([], of: "b") == .init(heirs: ["a"]), "nothing is deleted meanwhile")
        #expect(holdings.isNamed(sql))
        #expect(holdings.set([sql, key], of: "a") == .init())
        #expect(holdings.set([], of: "a") == .init(gone: [sql, key].sorted()))
    }

    @Test func `an heir that is gone before it inherits leaves nothing behind`() {
        var holdings = ManifestHoldings()
        _ = holdings.set([sql], of: "a")
        _ = holdings.set([sql], of: "b")
        #expect(holdings.set([], of: "a") == .init(heirs: ["b"]))
        #expect(holdings.set([], of: "b") == .init(gone: [sql]))
    }
}

import AdapterPlanning
import Testing

@Suite struct AdapterWishTests {
    private func spec(_ path: String = "/adapters/sql", edit: (inout AdapterSpec) -> Void = { _ in }) -> AdapterSpec {
        var spec = AdapterSpec(loraPath: path, target: AdapterSpec.Target(service: .init(name: "vllm")))
        edit(&spec)
        return spec
    }

    private func problem(_ spec: AdapterSpec, _ policy: PathPolicy = PathPolicy()) -> Reason? {
        do throws(SpecProblem) {
            _ = try AdapterWish(spec, objectName: "object", policy: policy)
            return nil
        } catch {
            return error.reason
        }
    }

    @Test func `absent fields take the defaults of the contract`() throws {
        let wish = try AdapterWish(spec(), objectName: "object", policy: PathPolicy())
        #expect(wish == AdapterWish(name: "object", path: "/adapters/sql"))
        #expect(wish.loadTimeout == .seconds(300) && wish.maxUnavailable == 1 && wish.replicas == nil)
        let deletion = try AdapterWish.deletion(nil)
        #expect(deletion.policy == .unload && deletion.timeout == .seconds(300))
    }

    static let names = ["", " sql", "sql ", "s\nql", "s\u{7f}ql", "\u{1b}[31m", String(repeating: "x", count: 1025)]

    @Test(arguments: names)
    func `a name that cannot be meant is refused`(_ name: String) {
        #expect(problem(spec { $0.loraName = name }) == .invalidSpec)
    }

    @Test(arguments: ["sql", "team/sql", "ﾜ adapter", "a,b\"c", "%0d%0a"])
    func `any other name goes`(_ name: String) {
        #expect(problem(spec { $0.loraName = name }) == nil)
    }

    static let paths: [(String, Reason?)] = [
        ("/adapters/sql", nil), ("/", nil), ("/a/..b", nil), ("", .invalidSpec), ("adapters", .invalidSpec),
        ("/a/../b", .invalidSpec), ("/a\n", .invalidSpec), ("file:///a", .invalidSpec), ("a/b/c", .invalidSpec),
        ("../x", .invalidSpec), ("~/x", .invalidSpec), ("~root/x", .invalidSpec), ("./x", .invalidSpec),
        ("org/", .invalidSpec), ("org/name", .pathNotAllowed),
    ]

    @Test(arguments: paths)
    func `a path is absolute, without '..', or a hub id if those are allowed`(_ path: String, _ reason: Reason?) {
        #expect(problem(spec(path)) == reason)
        let allowed = PathPolicy(allowsHubIDs: true)
        #expect(problem(spec(path), allowed) == (reason == .pathNotAllowed ? nil : reason))
    }

    @Test(arguments: [
        ("/adapters", true), ("/adapters/sql", true), ("/adaptersx", false), ("/other", false), ("/models/", true),
        ("/models/x", true), ("/models", true),
    ])
    func `a prefix allows what lies under it, segment by segment`(_ path: String, _ isAllowed: Bool) {
        let policy = PathPolicy(allowedPrefixes: ["/adapters", "/models/"])
        #expect(problem(spec(path), policy) == (isAllowed ? nil : .pathNotAllowed))
    }

    @Test func `fields that the schema would refuse are refused again`() {
        #expect(problem(spec { $0.loadTimeout = "5 minutes" }) == .invalidSpec)
        #expect(problem(spec { $0.loadTimeout = "0s" }) == .invalidSpec)
        #expect(problem(spec { $0.conflictPolicy = "Maybe" }) == .invalidSpec)
        #expect(problem(spec { $0.loading = "Lazy" }) == .invalidSpec)
    }

    static let durations: [(String, Duration?)] = [
        ("5m", .seconds(300)), ("0s", .zero), ("1h30m", .seconds(5_400)), ("1h1m1s1ms", .milliseconds(3_661_001)),
        ("99999h", .seconds(359_996_400)), ("100000s", nil), ("5", nil), ("m", nil), ("", nil), ("-5m", nil),
        ("1.5h", nil), ("5M", nil), ("1h1h1h1h1h", nil), ("٣s", nil), ("1d", nil), (" 5m", nil),
    ]

    @Test(arguments: durations)
    func `durations are read as GEP-2257 writes them`(_ text: String, _ duration: Duration?) {
        #expect(GEPDuration.parse(text) == duration)
    }

    @Test func `every reason has a class, and none is told twice`() {
        #expect(Set(Reason.allCases.map(\.rawValue)).count == Reason.allCases.count)
        #expect(Reason.allCases.filter { $0.reasonClass == .conflict }.count == 3)
        #expect(Reason.allCases.filter { $0.reasonClass == .failed }.count == 10)
        #expect(Reason.allCases.filter { $0.reasonClass == .blind }.count == 16)
        #expect(Reason.allCases.filter { $0.reasonClass == .work }.count == 8)
    }
}

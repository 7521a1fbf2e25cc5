import Effects
import KubeAPI
import Testing

@testable import AdapterController

@Suite struct IPAddressTests {
    static let valid: [(String, [UInt8])] = [
        ("10.0.3.7", [10, 0, 3, 7]), ("0.0.0.0", [0, 0, 0, 0]), ("255.255.255.255", [255, 255, 255, 255]),
        ("::", Array(repeating: 0, count: 16)), ("::1", Array(repeating: 0, count: 15) + [1]),
        ("fe80::1", [0xfe, 0x80] + Array(repeating: 0, count: 13) + [1]),
        ("1:2:3:4:5:6:7:8", [0, 1, 0, 2, 0, 3, 0, 4, 0, 5, 0, 6, 0, 7, 0, 8]),
        ("1:2:3:4:5:6:7::", [0, 1, 0, 2, 0, 3, 0, 4, 0, 5, 0, 6, 0, 7, 0, 0]),
        ("2001:DB8::A", [0x20, 0x01, 0x0d, 0xb8] + Array(repeating: 0, count: 11) + [10]),
        ("::ffff:127.0.0.1", [127, 0, 0, 1]), ("::FFFF:7f00:1", [127, 0, 0, 1]),
        ("0:0:0:0:0:ffff:10.0.0.1", [10, 0, 0, 1]),
    ]

    @Test(arguments: valid)
    func `addresses are read, IPv4-mapped ones as what they stand for`(_ text: String, _ bytes: [UInt8]) {
        #expect(IPAddress(text)?.bytes == bytes)
    }

    static let junk = [
        "", ".", ":", ":::", "1.2.3", "1.2.3.4.5", "1.2.3.256", "01.2.3.4", "0x7f.0.0.1", "0177.0.0.1", "127.1",
        "2130706433",
        "1.2.3.4 ", " 1.2.3.4", "1.2.3.-4", "+1.2.3.4", "1..2.3", "1.2.3.", "١.2.3.4", "1:2:3", "1::2::3",
        "1:2:3:4:5:6:7:8:9", "12345::", "g::", "fe80::1%eth0", "[::1]", "::1.2.3", "1.2.3.4::", "::ffff:01.2.3.4",
        "1:2:3:4:5:6:7:8::", "::1:2:3:4:5:6:7:8", "localhost", "10.0.0.1:80", "::ｆ",
    ]

    @Test(arguments: junk)
    func `anything else is no address`(_ text: String) { #expect(IPAddress(text) == nil) }

    static let ranges: [(String, String, Bool)] = [
        ("10.0.0.0/8", "10.255.0.1", true), ("10.0.0.0/8", "11.0.0.0", false), ("10.1.2.3", "10.1.2.3", true),
        ("10.1.2.3", "10.1.2.4", false), ("10.0.0.128/25", "10.0.0.127", false), ("10.0.0.128/25", "10.0.0.200", true),
        ("0.0.0.0/0", "1.2.3.4", true), ("0.0.0.0/0", "::1", false), ("::/0", "1.2.3.4", false),
        ("::/0", "fd00::1", true),
        ("fd00::/8", "fdff::", true), ("fd00::/8", "fc00::", false), ("2001:db8::/33", "2001:db8:8000::", false),
        ("10.9.9.9/8", "10.1.1.1", true), ("::ffff:10.0.0.0/104", "10.1.1.1", true),
        ("::ffff:10.0.0.0/104", "11.1.1.1", false),
        ("10.0.0.0/8", "::ffff:10.1.1.1", true),
    ]

    @Test(arguments: ranges)
    func `a range holds what shares its first bits`(_ range: String, _ address: String, _ isIn: Bool) throws {
        let (range, address) = (try #require(CIDR(range)), try #require(IPAddress(address)))
        #expect(range.contains(address) == isIn)
    }

    static let noRanges = [
        "", "/", "/8", "10.0.0.0/", "10.0.0.0/33", "10.0.0.0/-0", "10.0.0.0/+8", "10.0.0.0/8/8", "10.0.0.0/ 8", "10/8",
        "::/129", "::/999999999999999999999", "::ffff:10.0.0.0/8", "a/8", "10.0.0.0/٨",
    ]

    @Test(arguments: noRanges)
    func `anything else is no range`(_ text: String) { #expect(CIDR(text) == nil) }

    @Test func `a range holds another that is as narrow or narrower`() throws {
        let wide = try #require(CIDR("127.0.0.0/8"))
        for (text, isIn) in [("127.0.0.0/8", true), ("127.1.0.0/16", true), ("0.0.0.0/0", false), ("::1", false)] {
            let other = try #require(CIDR(text))
            #expect(wide.contains(other) == isIn)
        }
    }
}

@Suite struct AddressPolicyTests {
    private func policy(_ allowed: String..., edit: (inout AddressPolicy) -> Void = { _ in }) -> AddressPolicy {
        var policy = AddressPolicy()
        policy.allowed = allowed.compactMap(CIDR.init)
        edit(&policy)
        return policy
    }

    private func mayContact(_ address: String, _ policy: AddressPolicy, pod: Pod? = nil) -> Bool {
        policy.refusal(of: address, port: 8000, pod: pod) == nil
    }

    static let special = [
        "127.0.0.1", "127.255.255.254", "::1", "::ffff:127.0.0.1", "169.254.169.254", "::ffff:169.254.169.254",
        "fe80::1",
        "febf::1", "224.0.0.1", "239.1.1.1", "ff02::1", "0.0.0.0", "0.1.2.3", "::", "255.255.255.255",
    ]

    @Test(arguments: special)
    func `special addresses are refused, even as the address of a Pod and in a wide range`(_ address: String) {
        #expect(!mayContact(address, policy(), pod: .pod("a", ip: address)))
        #expect(!mayContact(address, policy("0.0.0.0/0", "::/0")))
        #expect(!mayContact(address, policy("0.0.0.0/0", "::/0"), pod: .pod("a", ip: address)))
    }

    @Test func `loopback opens by a range within loopback, the other special ones by none`() {
        #expect(mayContact("127.0.0.5", policy("127.0.0.0/8")))
        #expect(mayContact("::ffff:127.0.0.5", policy("127.0.0.0/24")))
        #expect(mayContact("::1", policy("::1")))
        #expect(!mayContact("127.0.1.5", policy("127.0.0.0/24")))
        #expect(!mayContact("169.254.169.254", policy("169.254.169.254/32")))
        #expect(!mayContact("0.0.0.0", policy("0.0.0.0/32")))
    }

    @Test func `an endpoint without a Pod needs its range allowed`() {
        #expect(!mayContact("10.0.0.1", policy()) && !mayContact("10.0.0.1", policy("10.1.0.0/16")))
        #expect(mayContact("10.0.0.1", policy("10.0.0.0/24")))
    }

    @Test func `an endpoint of a Pod needs one of its addresses, and no range`() {
        let pod = Pod.pod("a", ip: "10.0.0.1", others: ["fd00::1"])
        #expect(mayContact("10.0.0.1", policy(), pod: pod) && mayContact("fd00::1", policy(), pod: pod))
        #expect(mayContact("fd00:0:0::1", policy(), pod: pod))
        #expect(!mayContact("10.0.0.2", policy(), pod: pod) && !mayContact("10.0.0.2", policy("10.0.0.0/8"), pod: pod))
    }

    @Test func `the host's network takes a flag`() {
        var pod = Pod.pod("a", ip: "10.0.0.1")
        pod.spec.hostNetwork = true
        #expect(!mayContact("10.0.0.1", policy(), pod: pod))
        #expect(mayContact("10.0.0.1", policy { $0.allowsHostNetwork = true }, pod: pod))
    }

    @Test func `the API server is refused in every spelling`() {
        let policy = policy("10.0.0.0/8") { $0.refused = Set(["10.0.0.1"].compactMap(IPAddress.init)) }
        #expect(!mayContact("10.0.0.1", policy) && !mayContact("::ffff:10.0.0.1", policy))
        #expect(!mayContact("10.0.0.1", policy, pod: .pod("a", ip: "10.0.0.1")))
        #expect(mayContact("10.0.0.2", policy))
    }

    @Test func `local reaches exactly its own servers`() {
        let policy = policy { $0.exactly = { $0 == "127.0.0.1:8000" } }
        #expect(policy.refusal(of: "127.0.0.1", port: 8000, pod: nil) == nil)
        #expect(policy.refusal(of: "127.0.0.1", port: 8001, pod: nil) != nil)
        #expect(policy.refusal(of: "127.0.0.2", port: 8000, pod: nil) != nil)
    }

    @Test(arguments: ["", "localhost", "vllm.example", "10.0.0.1@evil", "10.0.0.1/x"])
    func `what is no address is refused`(_ text: String) { #expect(!mayContact(text, policy("0.0.0.0/0", "::/0"))) }
}

import MailModel
import PolicyLoading
import Testing

@Suite("Drop-ins")
struct DropInTests {
    @Test("add vouched networks in the order in which they are read")
    func additions() throws {
        let policy = try parse(
            "version: 1\nwhite-list:\n  vouched: [{network: 192.0.2.0/24, reason: own}]\n",
            dropIns: [
                "version: 1\nwhite-list:\n  vouched:\n    - network: 203.0.113.0/28\n"
                    + "      reason: the office's scanner cannot log in\n      until: 2027-03-31\n",
                "version: 1\n",
                "version: 1\nwhite-list: {vouched: [{network: \"2001:db8::1\", reason: '7'}]}\n",
            ])
        #expect(
            policy.whiteList.vouched.map(\.network.description) == [
                "192.0.2.0/24", "203.0.113.0/28", "2001:db8::1/128",
            ])
        #expect(policy.whiteList.vouched[1].location == SourceLocation(file: "1.yaml", line: 4, column: 7))
        #expect(policy.whiteList.vouched[1].reason == "the office's scanner cannot log in")
        #expect(policy.whiteList.vouched[1].until == CalendarDay("2027-03-31"))
        #expect(policy.whiteList.vouched[2].until == nil)
        #expect(policy.files.map(\.path) == ["policy.yaml", "1.yaml", "2.yaml", "3.yaml"])
        #expect(policy.whiteList.within == builtInPolicy.whiteList.within)
    }

    @Test("set nothing else, and say where it belongs")
    func restrictions() {
        let belongs = "It belongs in the policy file; a drop-in adds entries to `white-list.vouched`."
        let found = complaints(
            about: "version: 1\nrelaying: opne\n",
            dropIns: [
                "version: 1\nqueue: {flood: hold}\nwhite-list:\n  within: [10.0.0.0/8]\n  vuoched: []\nfoo: 1\n",
                "version: 3\n", "white-list: {vouched: [{network: 192.0.2.1, reason: a}]}\n",
                "version: 1\nwhite-list: {vouched: [{network: 192.0.2.1/32, reason: b, until: 2027-01-01}]}\n",
                "",
            ])
        #expect(
            found == [
                "policy.yaml:2:11: `relaying` cannot be `opne` / Allowed: authorization-required, closed.",
                "1.yaml:2:1: a drop-in cannot set `queue` / \(belongs)",
                "1.yaml:4:3: a drop-in cannot set `white-list.within` / \(belongs)",
                "1.yaml:5:3: unknown key `vuoched` in `white-list` / Did you mean `vouched`?",
                "1.yaml:6:1: unknown key `foo` / Known here: version, white-list.",
                "2.yaml:1:10: the policy is of version 3; this program reads version 1",
                "3.yaml:1:1: `version` is missing; this program reads version 1 / "
                    + "Begin the file with `version: 1`.",
                "5.yaml:1:1: the file is empty / Begin it with `version: 1`.",
                "4.yaml:2:24: 192.0.2.1/32 is vouched for twice; first in 3.yaml:1:24 / "
                    + "Keep the entry that is meant.",
            ])
    }
}

import MailModel
import PolicyLoading
import Testing

/// A policy that is wrong, after its first line `version: 1`, and every complaint about it.
struct BadPolicy: Sendable, CustomTestStringConvertible {
    var text: String
    var complaints: [String]

    init(_ text: String, _ complaints: String...) {
        self.text = text
        self.complaints = complaints.map { "policy.yaml:" + $0 }
    }

    var testDescription: String { String(text.prefix(60)) }
}

private let known =
    "Known here: version, relaying, white-list, port-25, relay, queue, probe, after-apply, backups."
private let vantages = "Allowed: netns, direct, ssh://[user@]host, https://host[:port]."
private let periods = "Write days such as 90d, or weeks such as 12w."
private let example = "Write an address and a prefix, such as 203.0.113.0/28."
private let oneByOne = "Name the networks that are meant, one by one."

private let badKeys: [BadPolicy] = [
    .init("realying: closed\n", "2:1: unknown key `realying` / Did you mean `relaying`?"),
    .init("White_List: {}\n", "2:1: unknown key `White_List` / Did you mean `white-list`?"),
    .init(
        "queue:\n  warn_above: 5\n", "3:3: unknown key `warn_above` in `queue` / Did you mean `warn-above`?"),
    .init("queue: {folod: hold}\n", "2:9: unknown key `folod` in `queue` / Did you mean `flood`?"),
    .init("ports: [25]\n", "2:1: unknown key `ports` / `ports` belongs in `probe`."),
    .init("run: rm\n", "2:1: unknown key `run` / \(known)"),
    .init("é: 1\n", "2:1: unknown key `é` / \(known)"),
    .init("<<: {}\n", "2:1: merge keys (<<) cannot be used in a policy / Write the keys out."),
    .init("[a, b]: 1\n", "2:1: a key must be a word, not a list"),
    .init(
        "queue: {flood: hold}\nrelaying: close\nqueue: {flood: report}\n\"queue\": 1\n",
        "3:11: `relaying` cannot be `close` / Did you mean `closed`? Allowed: authorization-required, closed.",
        "4:1: `queue` is written twice; first in line 2", "5:1: `queue` is written twice; first in line 2"),
]

private let badValues: [BadPolicy] = [
    .init("relaying: open\n", "2:11: `relaying` cannot be `open` / Allowed: authorization-required, closed."),
    .init(
        "relaying:\n", "2:10: `relaying` must be a word, not empty / Allowed: authorization-required, closed."
    ),
    .init(
        "relaying: [closed]\n",
        "2:11: `relaying` must be a word, not a list / Allowed: authorization-required, closed."),
    .init("port-25: exim\n", "2:10: `port-25` cannot be `exim` / Allowed: plesk."),
    .init("relay:\n  strangers: allow\n", "3:14: `relay.strangers` cannot be `allow` / Allowed: refuse."),
    .init("queue: 5\n", "2:8: `queue` must be a block of keys, not `5` / Known here: warn-above, flood."),
    .init("queue:\n", "2:7: `queue` must be a block of keys, not empty / Known here: warn-above, flood."),
    .init(
        "queue:\n  warn-above: 0\n  flood: drop\n",
        "3:15: `queue.warn-above` must be a whole number from 1 to 1000000 messages, not `0`",
        "4:10: `queue.flood` cannot be `drop` / Allowed: report, hold."),
    .init(
        "queue:\n  warn-above: \"5\"\n",
        "3:15: `queue.warn-above` must be a whole number from 1 to 1000000 messages, not text in quotes"),
    .init(
        "queue:\n  warn-above: 010\n",
        "3:15: `queue.warn-above` must be a whole number from 1 to 1000000 messages, not `010`"),
    .init(
        "queue:\n  warn-above: 99999999999999999999\n",
        "3:15: `queue.warn-above` must be a whole number from 1 to 1000000 messages, not `99999999999999999999`"
    ),
    .init(
        "after-apply:\n  mail-broken: rollback\n  unconfirmed: automatic\n",
        "3:16: `after-apply.mail-broken` cannot be `rollback` / Did you mean `roll-back`? "
            + "Allowed: automatic, harbour, roll-back, keep.",
        "4:16: `after-apply.unconfirmed` cannot be `automatic` / Allowed: keep, roll-back, harbour."),
    .init(
        "backups:\n  keep-last: 0\n  keep-within: 90h\n",
        "3:14: `backups.keep-last` must be a whole number from 1 to 10000 change sets, not `0`",
        "4:16: `backups.keep-within` must be 1d to 3650d, not `90h` / \(periods)"),
    .init(
        "backups:\n  keep-within: 522w\n",
        "3:16: `backups.keep-within` must be 1d to 3650d, not `522w` / \(periods)"),
    .init(
        "backups:\n  keep-within: 9999999999999999999w\n",
        "3:16: `backups.keep-within` must be 1d to 3650d, not `9999999999999999999w` / \(periods)"),
    .init(
        "probe:\n  from: ssh://-oProxyCommand=x\n  ports: []\n",
        "3:9: `probe.from` must be a vantage, not `ssh://-oProxyCommand=x` / \(vantages)",
        "4:10: `probe.ports` is empty: a probe without a port proves nothing"
            + " / Leave the key out for the default, 25, 465 and 587."),
    .init(
        "probe:\n  ports: [25, 25, 0, smtp, 65536]\n", "3:15: 25 is written twice in `probe.ports`",
        "3:19: `probe.ports` must be a whole number from 1 to 65535, not `0`",
        "3:22: `probe.ports` must be a whole number from 1 to 65535, not `smtp`",
        "3:28: `probe.ports` must be a whole number from 1 to 65535, not `65536`"),
    .init(
        "probe:\n  ports: 25\n",
        "3:10: `probe.ports` must be a list, not `25` / Write `[…]`, or each item in a line after `- `."),
]

private let badNetworks: [BadPolicy] = [
    .init(
        "white-list:\n  within: []\n",
        "3:11: `white-list.within` is empty, and a mail host at least trusts itself"
            + " / Leave the key out for the default, 127.0.0.1/8 and ::1/128."),
    .init(
        "white-list:\n  within: [0.0.0.0/0, 10.0.0.0/7, ::/0, 2001::/31]\n",
        "3:12: `0.0.0.0/0` lets in strangers: a network here has a prefix of /8 or longer / \(oneByOne)",
        "3:23: `10.0.0.0/7` lets in strangers: a network here has a prefix of /8 or longer / \(oneByOne)",
        "3:35: `::/0` lets in strangers: a network here has a prefix of /32 or longer / \(oneByOne)",
        "3:41: `2001::/31` lets in strangers: a network here has a prefix of /32 or longer / \(oneByOne)"),
    .init(
        "white-list:\n  within:\n    - ::ffff:127.0.0.0/104\n    - ::ffff:0:0/96\n    - ::/32\n",
        "4:7: `::ffff:127.0.0.0/104` is IPv4 written as IPv6 / Write 127.0.0.0/8 instead.",
        "5:7: `::ffff:0:0/96` lets in strangers: a network here has a prefix of /104 or longer / \(oneByOne)",
        "6:7: `::/32` lets in strangers: a network here has a prefix of /104 or longer / \(oneByOne)"),
    .init(
        "white-list:\n  within: [10.0.0.1/8, 10.0.0.0/8, 300.0.0.1, 1.2.3.4/33, 1.2.3.4 / 30, 010.0.0.0/8]\n",
        "3:24: 10.0.0.0/8 is written twice in `white-list.within`",
        "3:36: `white-list.within` must be a network, not `300.0.0.1` / \(example)",
        "3:47: `white-list.within` must be a network, not `1.2.3.4/33` / \(example)",
        "3:59: `white-list.within` must be a network, not `1.2.3.4 / 30` / \(example)",
        "3:73: `white-list.within` must be a network, not `010.0.0.0/8` / \(example)"),
    .init(
        "white-list:\n  vouched:\n    - network: 203.0.113.0/28\n    - reason: 42\n    - 192.0.2.1\n",
        "4:7: an entry of `white-list.vouched` needs `reason`",
        "5:7: an entry of `white-list.vouched` needs `network`",
        "5:15: `white-list.vouched.reason` must be text, not `42` / "
            + "Say who needs it and why; put a number in quotes.",
        "6:7: `white-list.vouched` must be a block of keys, not `192.0.2.1` / "
            + "Known here: network, reason, until."),
    .init(
        "white-list:\n  vouched:\n    - {network: 192.0.2.1, reason: ' ', until: 2027-02-30}\n",
        "4:36: `white-list.vouched.reason` must be one line of 1 to 200 characters",
        "4:48: `white-list.vouched.until` must be a day of the calendar, not `2027-02-30` / "
            + "Write it as 2027-03-31."),
    .init(
        "white-list:\n  vouched:\n    - {network: 192.0.2.1, reason: \"a\\nb\\L\"}\n",
        "4:36: `white-list.vouched.reason` must be one line of 1 to 200 characters"),
    .init(
        "white-list:\n  vouched:\n    - {network: 127.0.0.9, reason: cron, until: 2027-01-01}\n"
            + "    - {network: 192.0.2.1/24, reason: a}\n    - {network: 192.0.2.0/24, reason: b}\n",
        "4:7: 127.0.0.9/32 cannot end: `white-list.within` allows 127.0.0.1/8 without an end / "
            + "Take out `until`, or the network from `white-list.within`.",
        "6:7: 192.0.2.0/24 is vouched for twice; first in policy.yaml:5:7 / Keep the entry that is meant."),
]

private let badYAML: [BadPolicy] = [
    .init(
        "relaying: &a closed\nqueue: &b\n  flood: *a\nport-25: !!str plesk\n",
        "2:11: anchors (&name) cannot be used in a policy / "
            + "Write the value out; put text that begins with & in quotes.",
        "3:8: anchors (&name) cannot be used in a policy / "
            + "Write the value out; put text that begins with & in quotes.",
        "4:10: aliases (*name) cannot be used in a policy / "
            + "Write the value out; put text that begins with * in quotes.",
        "5:10: tags (!name) cannot be used in a policy / "
            + "Leave the tag out; put text that begins with ! in quotes."),
    .init(
        "queue: {? flood}\n", "2:9: explicit keys (? key) cannot be used in a policy / Write `key: value`."),
    .init(
        "---\nversion: 1\n",
        "2:1: a second document begins here; a policy is one / Take out what follows, or make two files."),
    .init("queue:\n\tflood: hold\n", "3:1: a tab cannot indent in YAML / Indent with spaces."),
    .init("queue:\n  flood: hold\n\trelay: 1\n", "4:1: a tab cannot indent in YAML / Indent with spaces."),
    .init(
        "relaying: 'x\n",
        "4:1: this is not YAML: found unexpected end of stream (while scanning a quoted scalar, line 2)"),
    .init(
        "queue: {flood: hold\nrelay: x\n",
        "3:6: this is not YAML: did not find expected ',' or '}' (while parsing a flow mapping, line 2)"),
    .init(
        "relaying: \u{1}\n",
        "2:11: the character U+0001 cannot stand in a policy / Delete it, or type it again."),
    .init(
        "relaying: é \u{e001}\n",
        "2:13: the character U+E001 cannot stand in a policy / Delete it, or type it again."),
    .init(
        "queue:\r\n  flood: \u{2028}\r\n",
        "3:10: the character U+2028 cannot stand in a policy / Delete it, or type it again."),
    .init(
        "queue: " + String(repeating: "[", count: 20) + String(repeating: "]", count: 20) + "\n",
        "2:8: `queue` must be a block of keys, not a list / Known here: warn-above, flood.",
        "2:23: this is nested more than 16 levels deep"),
    .init(
        "queue: " + String(repeating: "[", count: 5000),
        "2:9: this is nested more than 16 levels deep"),
]

@Suite("A policy that is wrong")
struct BadPolicyTests {
    @Test(
        "is refused with everything that is wrong, where it is",
        arguments: [badKeys, badValues, badNetworks, badYAML].flatMap(\.self))
    func complaintsAreExact(_ bad: BadPolicy) {
        #expect(complaints(about: "version: 1\n" + bad.text) == bad.complaints)
    }

    @Test(
        "is refused as a whole",
        arguments: [
            ("", "1:1: the file is empty / Begin it with `version: 1`."),
            ("\u{feff}", "1:1: the file holds nothing but comments"),
            ("# nothing\n", "1:1: the file holds nothing but comments"),
            ("- 1\n", "1:1: a policy must be a block of keys, not a list / \(known)"),
            (
                "relaying: closed\n",
                "1:1: `version` is missing; this program reads version 1 / Begin the file with `version: 1`."
            ),
            ("version: 2\nthings: 1\n", "1:10: the policy is of version 2; this program reads version 1"),
            ("version: \"1\"\n", "1:10: `version` must be the number 1, not text in quotes"),
            ("version: one\n", "1:10: `version` must be the number 1, not `one`"),
            (
                String(repeating: "#", count: 300_000),
                "1:1: the file has 300000 bytes; a policy has at most 262144"
            ),
        ])
    func wholeFiles(_ text: String, _ complaint: String) {
        #expect(complaints(about: text) == ["policy.yaml:" + complaint])
    }

    @Test("is refused where it stops being UTF-8")
    func notUTF8() {
        let bytes = Array("version: 1\n# caf".utf8) + [0xe9] + Array("\nx: 1\n".utf8)
        let failure = #expect(throws: Failure.self) {
            try parsePolicy(PolicyFile(path: "policy.yaml", bytes: bytes), dropIns: [])
        }
        #expect(failure?.status == .invalid)
        #expect(
            failure?.diagnostics.map(line) == [
                "policy.yaml:2:6: this is not UTF-8 / Save the file as UTF-8 in the editor."
            ])
    }

    @Test("says how many errors there are, and names the first two hundred")
    func manyErrors() {
        let text = "version: 1\n" + (1...1000).map { "key\($0): 1\n" }.joined()
        let failure = #expect(throws: Failure.self) { try parse(text) }
        #expect(failure?.summary == "the policy is not valid: 1000 errors")
        #expect(failure?.diagnostics.count == 201)
        #expect(failure?.diagnostics.last?.summary == "and 800 more")
    }

    @Test(
        "costs little however it is made", .timeLimit(.minutes(5)),
        arguments: [
            (0..<30).map { level in
                let aliases = Array(repeating: level == 0 ? "x" : "*l\(level - 1)", count: 9)
                return "l\(level): &l\(level) [\(aliases.joined(separator: ","))]\n"
            }.joined() + "? *l29\n: x\n",
            "? *a\n: x\n" + String(repeating: "? ", count: 900) + "["
                + String(repeating: "a,", count: 100_000) + "]\n",
            "a: " + String(repeating: "[", count: 900) + String(repeating: "a,", count: 100_000),
            (0..<90).map { "k\($0): 1\nk\($0): 2\n" }.joined(),
        ])
    func bombs(_ text: String) {
        #expect(!complaints(about: "version: 1\n" + text).isEmpty)
    }
}

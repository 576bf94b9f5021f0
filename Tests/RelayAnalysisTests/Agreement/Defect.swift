/// One way in which an administrator's edit changes who may relay: it opens, it breaks, or it only looks as if.
struct Defect: Sendable {
    var name: String
    var put: @Sendable (inout MeasuredHost) -> Void

    init(_ name: String, _ put: @escaping @Sendable (inout MeasuredHost) -> Void) {
        self.name = name
        self.put = put
    }

    static func setting(_ name: String, _ value: String) -> Defect {
        Defect("\(name) = \(value)") { $0.set(name, value) }
    }

    static let all: [Defect] =
        networks + lists + accessTables + destinations + services + delivery + rules + claims + daemons
        + pairs + widePatterns

    // MARK: mynetworks

    static let networks: [Defect] =
        [
            "0.0.0.0/0", "0.0.0.0/1 128.0.0.0/1", "127.0.0.0/8 [::]/0", "127.0.0.0/8 198.0.0.0/8",
            "127.0.0.0/8 198.51.100.7", "127.0.0.0/8, 192.0.2.0/24", "127.0.0.0/8 10.0.0.0/8 172.16.0.0/12",
            "!198.51.100.0/24, 0.0.0.0/0", "0.0.0.0/0, !198.51.100.0/24", "!0.0.0.0/0 0.0.0.0/0",
            "127.0.0.0/8, isp.test", "127.0.0.0/8, .attacker.test", "127.0.0.0/8 test",
            "127.0.0.0/8 attacker.test",
            "127.0.0.0/8, client.attacker.test", "127.0.0.0/8 mx.example.net", "127.0.0.0/8 example.net",
            "0/0", "127.0.0.0/8, 192.0.2.10/1", "127.0.0.0/8 [::]/0 0.0.0.0/0", "127.0.0.0/8 0.0.0.0/33", "*",
            "0.0.0.0", "127.0.0.0/8 # 0.0.0.0/0", "127.0.0.0/8 ::/0", "127.0.0.0/8 2001:db8::/32", "",
            "static:all", "127.0.0.0/8 inline:{198.51.100.7=x}", "127.0.0.0/8 !!198.51.100.0/24",
            "127.0.0.0/8 cidr:{{198.51.0.0/16 x}}", "127.0.0.0/8 all", "127.0.0.0/8 unknown",
            "$mynetworks_style",
            "127.0.0.0/8,,,0.0.0.0/0", "127.0.0.0/8 [2001:db8:0:1::]/64", "127.0.0.0/8 198.51.100",
            "127.0.0.0/8 198.51.100.0/24.", "127.0.0.0/8 [198.51.100.7]", "127.0.0.0/8 [198.51.100.0]/24",
            "127.0.0.0/8 [::ffff:198.51.100.7]", "127.0.0.0/8 unionmap:{static:a,static:b}",
            "127.0.0.0/8 fail:x", "127.0.0.0/8 198.51.100.0 /24", "127.0.0.0/8 [fe80::]/10",
            "!198.51.100.7 198.51.100.0/24", "[::]/0 ![2001:db8:ffff::]/48",
        ].map { .setting("mynetworks", $0) } + [
            Defect("mynetworks from a file") {
                $0.files["/etc/postfix/maps/nets"] = "# the office\n127.0.0.0/8\n\n198.51.100.0/24\n"
                $0.set("mynetworks", "/etc/postfix/maps/nets")
            },
            Defect("mynetworks without a file's networks") {
                $0.files["/etc/postfix/maps/nets"] = "198.51.100.0/24 203.0.113.0/24\n"
                $0.set("mynetworks", "127.0.0.0/8 !/etc/postfix/maps/nets 0.0.0.0/0")
            },
            Defect("mynetworks twice from a file, which takes one client out") {
                $0.files["/etc/postfix/maps/nets"] = "!198.51.100.7\n198.51.100.0/24\n203.0.113.0/24\n"
                $0.set("mynetworks", "127.0.0.0/8 /etc/postfix/maps/nets /etc/postfix/maps/nets")
            },
            Defect("mynetworks with the address that the host listens on") {
                $0.set("inet_interfaces", "192.0.2.10, 127.0.0.1")
                $0.set("mynetworks", "127.0.0.0/8 192.0.2.10/32")
            },
            Defect("mynetworks from a file that is not there") {
                $0.set("mynetworks", "127.0.0.0/8 /etc/postfix/maps/none")
            },
            Defect("mynetworks from a file in a file") {
                $0.files["/etc/postfix/maps/outer"] = "/etc/postfix/maps/inner\n"
                $0.files["/etc/postfix/maps/inner"] = "0.0.0.0/0\n"
                $0.set("mynetworks", "127.0.0.0/8 /etc/postfix/maps/outer")
            },
        ]
        + [
            ("nets.cidr", "0.0.0.0/0 OK\n"), ("nets.cidr", "0.0.0.0/0 REJECT\n"),
            ("nets.cidr", "!0.0.0.0/0 OK\n"),
            ("nets.cidr", "198.51.100.0/24 DUNNO\n0.0.0.0/0 x\n"), ("nets.cidr", "10.0.0.0/8 x\n"),
            ("nets.cidr", "if 198.0.0.0/8\n198.51.100.0/24 x\nendif\n"), ("nets.hash", "198.51.100.7 x\n"),
            ("nets.hash", "198.51.100 x\n"), ("nets.hash", "isp.test x\n"),
            ("nets.pcre", "/^198\\.51\\./ x\n"),
            ("nets.regexp", "/./ x\n"), ("nets.pcre", "/isp\\.test$/ x\n"), ("nets.cidr", "::/0 x\n"),
        ].map { name, text in
            Defect("mynetworks by \(name): \(text)") {
                $0.set("mynetworks", "127.0.0.0/8 " + $0.table(name, text))
            }
        } + [
            Defect("mynetworks not set, trusting subnets") {
                $0.unset("mynetworks")
                $0.set("mynetworks_style", "subnet")
            },
            Defect("mynetworks not set, trusting classes") {
                $0.unset("mynetworks")
                $0.set("mynetworks_style", "class")
            },
            Defect("mynetworks not set, trusting the host") {
                $0.unset("mynetworks")
                $0.set("mynetworks_style", "host")
            },
            Defect("mynetworks not set") { $0.unset("mynetworks") },
            Defect("mynetworks set, and a style that does not count") { $0.set("mynetworks_style", "class") },
            Defect("mynetworks not set at compatibility level 0") {
                $0.unset("mynetworks")
                $0.set("compatibility_level", "0")
            },
            Defect("mynetworks twice, the wide one last") { $0.main += "mynetworks = 0.0.0.0/0\n" },
            Defect("mynetworks twice, the wide one first") { $0.main = "mynetworks = 0.0.0.0/0\n" + $0.main },
            Defect("mynetworks continued") {
                $0.main = $0.main.replacing(
                    "mynetworks = 127.0.0.0/8 [::1]/128\n",
                    with: "mynetworks = 127.0.0.0/8\n# old office\n\n  0.0.0.0/0\n [::1]/128\n")
            },
            Defect("mynetworks swallowed by the line before it") {
                $0.main = $0.main.replacing("\nmynetworks = ", with: "\n  mynetworks = ")
            },
            Defect("mynetworks by names of names") {
                $0.set("mynetworks", "127.0.0.0/8 $office")
                $0.main += "office = ${really_office}\nreally_office = 0.0.0.0/0\n"
            },
            Defect("mynetworks by a condition that holds") {
                $0.set("mynetworks", "127.0.0.0/8 ${{$compatibility_level} >=level {3} ? {0.0.0.0/0} : {}}")
            },
            Defect("mynetworks by a condition that does not hold") {
                $0.set("mynetworks", "127.0.0.0/8 ${{$myhostname} == {other} ? {0.0.0.0/0} : {[::1]/128}}")
            },
            Defect("mynetworks with white space that is none") {
                $0.set("mynetworks", "127.0.0.0/8\t[::1]/128 \t198.51.100.0/24")
            },
        ]
}

import Testing

@testable import Postfix

@Suite struct ExpansionTests {
    private func values(_ text: String, version: PostfixVersion = .measured) -> ParameterValues {
        ParameterValues(
            main: MainCF(Array(text.utf8)), master: MasterCF([]), version: version, hostName: "mx.example.com"
        )
    }

    @Test(arguments: [
        ("x = $y\ny = 1", "1"), ("x = ${y}-$(y)\ny = 1", "1-1"), ("x = ${y?set}", ""),
        ("x = ${y:unset}", "unset"),
        ("x = ${y?{a}:{b}}\ny = 1", "a"), ("x = ${y?{a}:{b}}", "b"), ("x = $$y", "$y"),
        ("x = ${{$y} == {1} ? {a} : {b}}\ny = 1", "a"), ("x = ${{3.9} <level {3.10} ? {a} : {b}}", "a"),
        ("x = ${{10} < {9} ? {a} : {b}}", "b"), ("x = ${{b} >= {a} ? {yes}}", "yes"),
        ("x = $mydomain", "example.com"),
        ("x = a ${{$y} != {} ? {, $y}} b\ny = q", "a , q b"),
    ])
    func `References and conditions are expanded`(text: String, expected: String) {
        #expect(values(text).text(of: "x") == expected)
    }

    @Test(arguments: [
        "x = $x", "x = ${y", "x = $ y", "x = ${{a} ~ {b} ? {c}}", "x = ${y-z}",
        "x = ${{99999999999999999999} > {5} ? {a} : {b}}", "x = ${{3.1024} >level {3} ? {a}}",
        "x = ${{3.} >level {3} ? {a}}",
    ])
    func `What Postfix stops at is a fault`(text: String) {
        #expect(values(text).value(of: "x").fault != nil)
    }

    @Test(arguments: ["3.6", "9999", "+3.6", "4294967296", "9999.1023"])
    func `A level has no largest first number`(level: String) {
        let values = values("compatibility_level = \(level)")
        #expect(values.value(of: "mynetworks_style").fault == nil)
        #expect(values.text(of: "mynetworks_style") == "host")
    }

    @Test(arguments: [
        ("$mail_version", "3.7.11"), ("$alias_database", "hash:/etc/aliases"),
        ("$smtpd_banner", "mx.example.com ESMTP Postfix"),
        ("$lmtp_connect_timeout", "0s"), ("$lmtp_helo_timeout", "300s"),
        ("${command_directory}/x", "/usr/sbin/x"),
        ("${mailbox_command?{a}:{b}}", "b"), ("${nonsense:b}", "b"),
    ])
    func `A value may refer to any parameter that Postfix has`(text: String, expected: String) {
        #expect(values("x = \(text)").text(of: "x") == expected)
    }

    @Test func `A daemon knows the names of its service and of its program`() {
        let main = MainCF(Array("x = $service_name $process_name".utf8))
        let master = MasterCF(
            Array("submission inet n - - - - smtpd -o process_name=other -o service_name=other".utf8))
        func text(_ service: Int?) -> String {
            ParameterValues(main: main, master: master, service: service, version: .measured, hostName: nil)
                .text(of: "x")
        }
        #expect(text(0) == "submission other")
        #expect(text(nil) == "")
    }

    @Test func `References that double each other come to an end`() {
        let lines = (1...60).map { "a\($0) = $a\($0 - 1)$a\($0 - 1)\n" }.joined()
        #expect(values("a0 = xxxxxxxx\n" + lines).value(of: "a60").fault != nil)
        #expect(values("a0 = xxxxxxxx\n" + lines).text(of: "a8").utf8.count == 8 << 8)
    }

    @Test func `An item keeps the place that it was written at`() throws {
        let main = values("mynetworks = 127.0.0.0/8 $office\noffice = ${really}\nreally = 0.0.0.0/0")
        let item = try #require(main.value(of: "mynetworks").items.last)
        #expect(item.text == "0.0.0.0/0")
        #expect(item.list.place(of: item.range)?.origin == .main(2))
    }

    @Test(arguments: [
        ("2.9", "smtpd_recipient_restrictions", "permit_mynetworks, reject_unauth_destination"),
        ("2.9", "smtpd_relay_restrictions", ""), ("2.11", "mynetworks_style", "subnet"),
        ("3.4.5", "smtpd_relay_restrictions", ""), ("3.3.0", "smtpd_relay_restrictions", ""),
        (
            "3.2.22", "smtpd_relay_restrictions",
            "permit_mynetworks, permit_sasl_authenticated, defer_unauth_destination"
        ),
        (
            "2.10.10", "smtpd_relay_restrictions",
            "permit_mynetworks, permit_sasl_authenticated, defer_unauth_destination"
        ),
        ("2.3.19", "mynetworks_style", "subnet"), ("3.10.13", "smtpd_forbid_bare_newline", "normalize"),
        ("3.4.5", "mynetworks_style", "subnet"),
        ("3.9.1", "smtpd_forbid_bare_newline", "normalize"), ("3.7.11", "smtpd_forbid_bare_newline", "no"),
        ("3.7.1", "smtpd_forbid_bare_newline", ""),
        ("2.11", "relay_domains", "mx.example.com, localhost.example.com, localhost"),
    ])
    func `Defaults depend on the release`(version: String, name: String, expected: String) throws {
        let release = try #require(PostfixVersion(version))
        #expect(values("", version: release).text(of: name) == expected)
    }

    @Test func `Defaults depend on the compatibility level`() {
        #expect(values("compatibility_level = 3.6").text(of: "mynetworks_style") == "host")
        #expect(
            values("compatibility_level = 3.6").text(of: "smtpd_relay_before_recipient_restrictions") == "yes"
        )
        #expect(
            values("compatibility_level = 1").text(of: "smtpd_relay_restrictions").hasSuffix(
                "defer_unauth_destination"))
        #expect(values("").text(of: "smtpd_relay_restrictions").isEmpty)
    }
}

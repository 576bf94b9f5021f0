import Testing

@testable import Postfix

@Suite struct MasterCFTests {
    private let text = """
        smtp      inet  n  -  y  -  -  smtpd
        submission inet n - y - - smtpd
          -o syslog_name=postfix/submission
        # comment
          -o { smtpd_relay_restrictions = permit_sasl_authenticated, reject }
          -o mynetworks=10.0.0.0/8 -o mynetworks=127.0.0.0/8
        127.0.0.1:10025 inet n - n - - smtpd -o smtpd_x=a, reject

        """

    @Test func `Services have their overrides, in both quotings, and the last counts`() throws {
        let master = MasterCF(Array(text.utf8))
        #expect(master.services.map(\.title) == ["smtp/inet", "submission/inet", "127.0.0.1:10025/inet"])
        let submission = master.services[1]
        let list = try #require(submission.override("smtpd_relay_restrictions"))
        #expect(submission.value(of: list).text == "permit_sasl_authenticated, reject")
        #expect(list.quoting == .braced)
        let networks = try #require(submission.override("mynetworks"))
        #expect(submission.value(of: networks).text == "127.0.0.0/8")
        #expect(master.services[2].strays.map(\.bytes.text) == ["reject"])
    }

    @Test func `Removing an override leaves the other bytes alone`() throws {
        let master = MasterCF(Array(text.utf8))
        let submission = master.services[1]
        let list = try #require(submission.override("smtpd_relay_restrictions"))
        let gone = applying(master.removing(list, of: submission), to: master.bytes).text
        #expect(
            gone
                == text.replacing(
                    "  -o { smtpd_relay_restrictions = permit_sasl_authenticated, reject }\n", with: ""))
        let networks = try #require(submission.override("mynetworks"))
        let second = applying(master.removing(networks, of: submission), to: master.bytes).text
        #expect(second == text.replacing(" -o mynetworks=127.0.0.0/8", with: ""))
    }

    @Test func `Setting an override changes its value`() throws {
        let master = MasterCF(Array(text.utf8))
        let submission = master.services[1]
        let list = try #require(submission.override("smtpd_relay_restrictions"))
        let changed = applying(master.setting(list, of: submission, to: "reject"), to: master.bytes).text
        #expect(changed == text.replacing("permit_sasl_authenticated, reject }", with: "reject }"))
    }

    @Test(arguments: ["-o a=\n  -o b=c\n", "-o a= -o b=c\n", "-o { a = }\n  -o b=c\n", "-o a="])
    func `An empty override gets its value on its own line`(arguments: String) throws {
        let text = "2525 inet n - n - - smtpd\n  \(arguments)"
        let master = MasterCF(Array(text.utf8))
        let service = master.services[0]
        let override = try #require(service.override("a"))
        let changed = MasterCF(applying(master.setting(override, of: service, to: "x,y"), to: master.bytes))
        #expect(changed.faults.isEmpty && changed.services.count == 1)
        #expect(changed.services[0].strays.isEmpty)
        let set = try #require(changed.services[0].override("a"))
        #expect(changed.services[0].value(of: set).text == "x,y")
        #expect(changed.services[0].override("b") != nil || !arguments.contains("-o b"))
    }

    @Test(arguments: [
        "smtp inet n - y", "smtp inet y - y - - smtpd", "smtp tcp n - y - - smtpd",
        "smtp inet n - y - x smtpd", "smtp inet n - y - - smtpd -o { a = b",
        "smtp inet n - y - - smtpd -o { a = b }}",
        "smtp inet n - y - - smtpd -o {a}=b",
        // Form feed and vertical tab are no blanks between columns.
        "2525\u{0c}inet n - y - - smtpd", "2525 inet\u{0b}n - y - - smtpd",
    ])
    func `master refuses to start with a bad line`(line: String) {
        #expect(MasterCF(Array(line.utf8)).faults.count == 1)
    }

    @Test(arguments: [
        ("-o { a = b c }", "b c"), ("{-o} {a=b c}", "b c"), ("{-o a=b c}", "b c"), ("{-oa=b c }", "b c"),
        ("-o a={b c}", "{b c}"), ("-o{a=z} -o a=y", "y"), ("-v -vo a=b", "b"), ("-o { a = { b } }", "{ b }"),
    ])
    func `An override is read as master hands it on`(arguments: String, expected: String) throws {
        let master = MasterCF(Array("2525 inet n - n - - smtpd -o b=1 \(arguments) -o c=2\n".utf8))
        let service = try #require(master.services.first)
        let override = try #require(service.override("a"))
        #expect(service.value(of: override).text == expected)
        #expect(service.strays.isEmpty && service.badOption == nil)
        #expect(service.overrides.map(\.name).filter { $0 != "{a" } == ["b", "a", "c"])
        let changed = MasterCF(applying(master.setting(override, of: service, to: "z"), to: master.bytes))
        #expect(changed.services.first.map { $0.override("a").map($0.value)?.text } == "z")
    }

    @Test(arguments: [
        ("-o abc", "invalid \"-o abc\" option value: missing '=' after attribute name"),
        ("-o { abc }", "invalid \"-o abc\" option value: missing '=' after attribute name"),
        ("-o =x", "invalid \"-o =x\" option value: missing attribute name"), ("-X", "invalid option: X"),
        ("-v -o", "invalid option: o"),
    ])
    func `A daemon stops at an option that is none`(arguments: String, why: String) {
        let master = MasterCF(Array("2525 inet n - n - - smtpd -o b=1 \(arguments)\n".utf8))
        #expect(master.services.first?.badOption?.why == why)
        #expect(master.services.first?.overrides.count == 1)
    }

    @Test(
        arguments: [
            ("smtp", nil, 25), ("submissions", nil, 465), ("smtps", nil, 465), ("2525", nil, 2525),
            ("99999", nil, 34463), ("02525", nil, 2525),
            ("127.0.0.1:10025", "127.0.0.1", 10025), ("[::1]:465", "::1", 465),
            ("mx.example.com:smtp", "mx.example.com", 25),
            ("qmqp", nil, 628), ("nonsense", nil, nil),
        ] as [(String, String?, Int?)])
    func `A service name says where it listens`(name: String, host: String?, port: Int?) {
        let endpoint = ServiceEndpoint(serviceName: name)
        #expect(endpoint.host == host)
        #expect(endpoint.port == port)
    }
}

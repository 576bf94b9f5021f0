import MailModel
import Testing

@Suite("What a policy says")
struct PolicyTests {
    @Test("a vouched network holds up to and on its last day, and without one for ever")
    func lastDay() throws {
        let day = try #require(CalendarDay("2027-03-31"))
        let office = try #require(IPNetwork("203.0.113.0/28"))
        let home = try #require(IPNetwork("127.0.0.1/8"))
        let place = SourceLocation(file: "10-office.yaml", line: 4, column: 7)
        var entry = VouchedNetwork(network: office, reason: "scanner", until: day, location: place)
        let ends = Policy.WhiteList(within: [home], vouched: [entry])
        #expect(ends.allowed(on: CalendarDay(daysSinceEpoch: day.daysSinceEpoch - 1)) == [home, office])
        #expect(ends.allowed(on: day) == [home, office])
        #expect(ends.allowed(on: CalendarDay(daysSinceEpoch: day.daysSinceEpoch + 1)) == [home])
        entry.until = nil
        let lasts = Policy.WhiteList(within: [home], vouched: [entry])
        #expect(lasts.allowed(on: CalendarDay(daysSinceEpoch: 1_000_000)) == [home, office])
    }

    @Test(
        "a vantage is read and shown as it is written",
        arguments: [
            ("netns", VantageAddress.networkNamespace), ("direct", .direct), ("ssh://host", .ssh("host")),
            ("ssh://root@vantage.example", .ssh("root@vantage.example")), ("ssh://a.b_c-d", .ssh("a.b_c-d")),
            ("ssh://me@2001:db8::1", .ssh("me@2001:db8::1")),
            ("https://vantage.example:8443", .https("https://vantage.example:8443")),
            ("https://192.0.2.1", .https("https://192.0.2.1")),
            ("https://[2001:db8::1]:8443/probe", .https("https://[2001:db8::1]:8443/probe")),
            ("https://host/", .https("https://host/")),
        ])
    func vantages(_ text: String, _ vantage: VantageAddress) {
        #expect(VantageAddress(text) == vantage)
        #expect(vantage.text == text)
    }

    @Test(
        "nothing else is a vantage, least of all what ssh or a shell would read as more than a name",
        arguments: [
            "", "Netns", "netns ", "local", "http://host", "ssh:host", "ssh://", "ssh://@host", "ssh://root@",
            "ssh://-oProxyCommand=id", "ssh://root@-oX", "ssh://-x@host", "ssh://a@b@c", "ssh://a b",
            "ssh://a;b",
            "ssh://$(id)", "ssh://a%h", "ssh://host:22", "ssh://host/dir", "ssh://[::1]", "ssh://a\nb",
            "ssh://é",
            "https://", "https:///x", "https://-x", "https://user:secret@host", "https://host:0",
            "https://host:65536",
            "https://host:", "https://host:1:2", "https://2001:db8::1", "https://[host]", "https://host/?q",
            "https://host/#f", "https://host/a b", "https://host\u{0}", "https://[::1", "https://host:+80",
        ])
    func noVantages(_ text: String) {
        #expect(VantageAddress(text) == nil)
    }

    @Test("a place is shown as compilers show it")
    func places() {
        #expect(SourceLocation(file: "a.yaml", line: 3, column: 9).description == "a.yaml:3:9")
        #expect(SourceLocation(file: "a.yaml", line: 3).description == "a.yaml:3")
    }
}

import SMTPCore
import Testing

@Suite("Capabilities")
struct CapabilitiesTests {
    @Test("Keywords are read in any case, with AUTH in both spellings")
    func keywords() {
        let capabilities = Capabilities(
            Reply(
                250, "mx.hosted.example Hello\nSIZE 100\nstarttls\nAUTH PLAIN login\nAUTH=LOGIN\nXCLIENT ADDR"
            ))
        #expect(capabilities.serverName == "mx.hosted.example")
        #expect(capabilities.offersStartTLS)
        #expect(capabilities.offersLogin)
        #expect(capabilities.offersXCLIENT)
        #expect(capabilities.loginMechanisms == ["PLAIN", "LOGIN", "LOGIN"])
    }

    @Test(
        "A server's name that could break a command is not taken",
        arguments: [
            "", "-x.example hi", "a..b\u{7f}", "x@y", "<x>", "[192.0.2.1]", "x\u{0}", ".x", "x.",
            "\u{1b}[31mx",
            String(repeating: "a", count: 254),
        ])
    func hostileNames(greeting: String) {
        #expect(Capabilities(Reply(250, greeting)).serverName == nil)
    }
}

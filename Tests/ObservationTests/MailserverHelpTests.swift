import MailModel
import Testing

@testable import Observation

@Suite("The mailserver utility's help and report")
struct MailserverHelpTests {
    @Test("Every spelling comes from the page")
    func obsidian() {
        let commands = MailserverHelp(parsing: HelpFixture.obsidian).commands(["/usr/sbin/plesk"])
        #expect(
            commands
                == MailserverCommands(
                    invocation: ["/usr/sbin/plesk"], setRelay: "--set-relay",
                    relayWords: [.open: "open", .auth: "auth", .closed: "closed"], authType: "-auth-type",
                    lockTime: "-lock-time", addToWhiteList: "--add-to-white-list",
                    removeFromWhiteList: "--remove-from-white-list"))
    }

    @Test("What the page does not offer is not made up")
    func oldPage() {
        let help = MailserverHelp(parsing: HelpFixture.withoutWhiteList)
        #expect(help.relayWords == [.open: "open", .auth: "auth", .closed: "close"])
        #expect(help.addToWhiteList == nil && help.removeFromWhiteList == nil)
        #expect(help.lockTime == nil && help.showSettings == nil)
        #expect(help.authType == "-auth-type")
    }

    @Test(
        "The words of the modes are found in other shapes",
        arguments: [
            "--set-relay <open|closed|auth> -auth-type <pop3|smtp|both>", "--set-relay open|auth|closed",
            "--set-relay {open, auth or closed}", "--set-relay <mode>\n     open, closed or auth\n--help",
        ])
    func words(_ page: String) {
        #expect(
            MailserverHelp(parsing: page).relayWords == [.open: "open", .auth: "auth", .closed: "closed"])
    }

    @Test(
        "Text that is no help page gives nothing",
        arguments: ["", "Unable to find utility mailserver\n", "\u{1b}[31merror\u{1b}[0m --help\n"])
    func noPage(_ text: String) {
        #expect(MailserverHelp(parsing: text).isEmpty)
    }

    @Test("A report is used only when every line is understood")
    func report() {
        let text = "127.0.0.1 / 8\n::1/128\n\nSUCCESS: Gathering of information complete\n"
        #expect(MailserverReport.whiteList(text).value?.map(\.text) == ["127.0.0.1/8", "::1/128"])
        #expect(MailserverReport.whiteList("White list:\n127.0.0.1/8\n").value == nil)
        #expect(MailserverReport.whiteList("").value == nil)
        #expect(MailserverReport.whiteList("\nSUCCESS: Gathering complete\n") == .seen([]))
    }

    @Test("The mode and the logins are read from labelled lines")
    func labels() {
        let text = "Relay mode:             auth\nAuthorization type:     smtp\nLock time:              20\n"
        #expect(MailserverReport.relaying(text) == .seen(.auth))
        #expect(
            MailserverReport.logins(text) == .seen(LoginTypes(smtp: true, pop: false, popLockMinutes: 20)))
        #expect(MailserverReport.relaying("Relay mode: whatever\n").value == nil)
        #expect(MailserverReport.relaying("Smarthost relay: open\nRelay mode: auth\n").value == nil)
    }
}

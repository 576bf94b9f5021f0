import HostIO
import MailModel
import Testing

@testable import Observation

@Suite("The whole host")
struct ObserveHostTests {
    typealias Answer = ScriptedPrograms.Answer

    private func plesk(_ host: borrowing HostDirectory, wrapper: Bool, utility: String, version: String)
        throws
    {
        try host.write("/opt/psa/version", "\(version) Debian 12 1800240627.13\n")
        try host.write("/etc/psa/psa.conf", "# comment\nPRODUCT_ROOT_D\t/opt/psa\nMYSQL_BIN_D /usr/bin\n")
        try host.write("/etc/psa/.psa.shadow", "s3cret\n", mode: 0o600)
        try host.program("/opt/psa/bin/\(utility)")
        try host.program("/usr/bin/mysql")
        if wrapper { try host.program("/usr/sbin/plesk") }
        // Two signs that agree: the installer need not be asked for its components.
        try host.program("/etc/init.d/postfix")
        try host.write("/var/lib/dpkg/info/plesk-mail-pc-driver.list", "/.\n")
    }

    private let database = "/usr/sbin/plesk db -B -N -e …"
    private let help = "/usr/sbin/plesk bin mailserver --help"
    private let installer = "/usr/sbin/plesk installer --query-status --enable-xml-output"

    private func state(_ host: borrowing HostDirectory, _ answers: [(String, Answer)]) async -> (
        HostState, ScriptedPrograms
    ) {
        let programs = ScriptedPrograms(answers)
        return (await observeHost(Instruments(host.root, programs)), programs)
    }

    @Test(
        "Obsidian: everything in three calls of Plesk, none twice",
        arguments: ["18.0.62", "17.8.11", "12.5.30"])
    func wrapper(_ version: String) async throws {
        let host = try HostDirectory()
        try plesk(host, wrapper: true, utility: "mailserver", version: version)
        try host.write("/proc/sys/kernel/hostname", "mail.hosted.example\n")
        try host.write("/etc/machine-id", "0123456789abcdef0123456789abcdef\n")
        let (seen, programs) = await state(
            host,
            [
                (database, .prints(DatabaseFixture.obsidian)), (help, .prints(HelpFixture.obsidian)),
                (installer, .prints("<response><status>ok</status></response>\n")),
            ])
        let plesk = try #require(seen.plesk.value)
        #expect(plesk.version == version && plesk.root == "/opt/psa")
        #expect(plesk.commands.invocation == ["/usr/sbin/plesk", "bin", "mailserver"])
        #expect(plesk.relaying == .seen(.auth) && plesk.busy == nil)
        let hosted = HostedMail(
            domains: ["hosted.example", "second.example", "alias.example"],
            recipients: ["postmaster@hosted.example"])
        #expect(seen.hosted == .seen(hosted))
        #expect(seen.name == "mail.hosted.example" && seen.machineID == "0123456789abcdef0123456789abcdef")
        #expect(programs.calls.count == 3)
        #expect(seen.postfix.value == nil && seen.listeners.value == nil && seen.queue.value == nil)
        #expect(seen.managedMTA.value?.mta == .postfix)
    }

    @Test("Where the other signs do not decide, the installer's components do")
    func components() async throws {
        let host = try HostDirectory()
        try plesk(host, wrapper: true, utility: "mailserver", version: "18.0.62")
        try host.move("/etc/init.d/postfix", to: "/etc/init.d/other")
        let question = "/usr/sbin/plesk installer --select-release-current --show-components"
        let answers: [(String, Answer)] = [
            (database, .prints(DatabaseFixture.obsidian)), (help, .prints(HelpFixture.obsidian)),
            (installer, .prints("ok\n")),
        ]
        let list = Answer.prints("postfix [up2date] - Postfix mail server\nqmail [install] - QMail\n")
        let (seen, programs) = await state(host, answers + [(question, list)])
        #expect(seen.managedMTA.value?.mta == .postfix)
        #expect(programs.calls.count == 4)
        let busy = Answer.exits(1, output: "BUSY: locked by another update process.\n", error: "")
        let (unknown, _) = await state(host, answers + [(question, busy)])
        #expect(unknown.managedMTA.reason?.contains("\(question): BUSY") == true)
    }

    @Test(
        "Plesk before the wrapper: the utility by its path, the database by its client, no password in the arguments",
        arguments: [("9.5.4", "mailserver.sh"), ("10.4.4", "mailserver")])
    func noWrapper(_ version: String, _ utility: String) async throws {
        let host = try HostDirectory()
        try plesk(host, wrapper: false, utility: utility, version: version)
        let (seen, programs) = await state(
            host,
            [
                ("/usr/bin/mysql -uadmin -B -N -e …", .prints(DatabaseFixture.misc)),
                ("/opt/psa/bin/\(utility) --help", .exits(1, output: "", error: "unknown command\n")),
                ("/opt/psa/bin/\(utility) -h", .prints(HelpFixture.withoutWhiteList)),
            ])
        let plesk = try #require(seen.plesk.value)
        #expect(plesk.commands.invocation == ["/opt/psa/bin/\(utility)"])
        #expect(plesk.commands.relayWords[.closed] == "close")
        #expect(plesk.commands.addToWhiteList == nil)
        #expect(plesk.relaying == .seen(.open) && plesk.version == version)
        let client = try #require(programs.calls.first { $0.executable == "/usr/bin/mysql" })
        #expect(client.environment == ["MYSQL_PWD": "s3cret"])
        #expect(client.arguments.last == "psa" && !client.arguments.contains { $0.contains("s3cret") })
    }

    @Test(
        "Without Plesk the rest is still seen",
        arguments: [("# mail\nPostMaster: root\n", "postmaster"), ("# postmaster: root\n", "root")])
    func noPlesk(_ aliases: String, _ user: String) async throws {
        let host = try HostDirectory()
        try host.write(
            "/etc/postfix/main.cf", "mydestination = localhost, example.net\nalias_maps = hash:/etc/aliases\n"
        )
        try host.write("/etc/aliases", aliases)
        try host.write("/etc/postfix/master.cf", "smtp inet n - y - - smtpd\n")
        try host.directory("/var/spool/postfix/deferred")
        let (seen, _) = await state(host, [])
        #expect(
            seen.plesk
                == .unseen("Plesk is not installed: there is no file version in /usr/local/psa or /opt/psa"))
        #expect(seen.postfix.value != nil)
        #expect(seen.queue.value?.total == 0)
        #expect(
            seen.hosted == .seen(HostedMail(domains: ["example.net"], recipients: ["\(user)@example.net"])))
        #expect(seen.name == "unknown" && seen.machineID == nil)
    }

    @Test(
        "A database that hangs, fails or prints nonsense leaves the settings unseen, with the reason",
        arguments: [
            (
                Answer.fails("/usr/sbin/plesk did not finish within 30.0 seconds and was ended"),
                "did not finish"
            ),
            (
                .exits(1, output: "", error: "ERROR: PleskFatalException: Unable to connect to database\n"),
                "Unable to connect"
            ),
            (.prints("\u{1b}[2Jhello\n"), "not understood"), (.prints(""), "not understood"),
        ])
    func badDatabase(_ answer: Answer, _ reason: String) async throws {
        let host = try HostDirectory()
        try plesk(host, wrapper: true, utility: "mailserver", version: "18.0.62")
        let (seen, _) = await state(
            host,
            [(database, answer), (help, .prints(HelpFixture.withoutWhiteList)), (installer, .prints("ok\n"))])
        let plesk = try #require(seen.plesk.value)
        #expect(plesk.relaying.reason?.contains(reason) == true)
        #expect(plesk.whiteList.reason?.contains(reason) == true)
        #expect(plesk.logins.value == nil && seen.hosted.value == nil)
    }

    @Test("Where the database fails, a report that is understood stands in")
    func report() async throws {
        let host = try HostDirectory()
        try plesk(host, wrapper: true, utility: "mailserver", version: "18.0.62")
        let info = "/usr/sbin/plesk bin mailserver --info"
        let (seen, programs) = await state(
            host,
            [
                (database, .exits(1, output: "", error: "no\n")), (help, .prints(HelpFixture.obsidian)),
                (installer, .prints("ok\n")),
                (info, .prints("Relay mode:   open\nAuthorization type:   both\n\nSUCCESS: done\n")),
                ("\(info) white-list", .prints("127.0.0.1 / 8\n")),
            ])
        let plesk = try #require(seen.plesk.value)
        #expect(plesk.relaying == .seen(.open))
        #expect(plesk.logins == .seen(LoginTypes(smtp: true, pop: true, popLockMinutes: nil)))
        #expect(plesk.whiteList.value?.map(\.text) == ["127.0.0.1/8"])
        #expect(programs.calls.count == 5)
    }

    @Test("A utility that hangs at its help is not asked again, and offers nothing")
    func hangingHelp() async throws {
        let host = try HostDirectory()
        try plesk(host, wrapper: true, utility: "mailserver", version: "18.0.62")
        let (seen, _) = await state(
            host,
            [
                (database, .prints(DatabaseFixture.obsidian)), (help, .fails("it hangs")),
                (installer, .prints("ok\n")),
            ])
        #expect(seen.plesk.value?.commands.setRelay == nil)
        #expect(seen.plesk.value?.relaying == .seen(.auth))
    }

    @Test(
        "An installer at work, or one that does not answer, is busy; an old one that knows no status is not",
        arguments: [
            (
                Answer.exits(
                    1, output: "BUSY: Update operation was locked by another update process.\n", error: ""),
                true
            ),
            (.fails("it hangs"), true), (.exits(1, output: "", error: "unknown option\n"), false),
            (.prints("ok\n"), false),
        ])
    func busy(_ answer: Answer, _ isBusy: Bool) async throws {
        let host = try HostDirectory()
        try plesk(host, wrapper: true, utility: "mailserver", version: "18.0.62")
        let (seen, _) = await state(
            host,
            [
                (database, .prints(DatabaseFixture.obsidian)), (help, .prints(HelpFixture.obsidian)),
                (installer, answer),
            ])
        #expect((seen.plesk.value?.busy != nil) == isBusy)
    }

    @Test("The settings alone take one call")
    func settingsAlone() async throws {
        let host = try HostDirectory()
        try plesk(host, wrapper: true, utility: "mailserver", version: "18.0.62")
        let programs = ScriptedPrograms([(database, .prints(DatabaseFixture.obsidian))])
        let seen = await observePleskSettings(Instruments(host.root, programs))
        #expect(seen.value?.relaying == .seen(.auth))
        #expect(programs.calls.map(\.deadline) == [.seconds(30)])
    }

    @Test("The question writes nothing: it selects, and prepares what it selects")
    func question() {
        let verbs = Set(
            DatabaseQuestion.text.split(separator: ";").compactMap { statement in
                statement.split(separator: " ").first.map(String.init)
            })
        #expect(verbs == ["SET", "PREPARE", "EXECUTE", "SELECT"])
    }
}

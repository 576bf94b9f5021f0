import MailModel
import Testing

@testable import Observation

@Suite("Plesk's settings from its database")
struct PleskSettingsTests {
    private func settings(_ output: String, problem: String? = nil) -> PleskSettings {
        PleskSettings(DatabaseAnswer(parsing: Array(output.utf8), problem: problem))
    }

    @Test("The current layout gives mode, logins, permanent entries and POP locks apart")
    func currentLayout() {
        let seen = settings(DatabaseFixture.obsidian)
        #expect(seen.relaying == .seen(.auth))
        #expect(seen.logins == .seen(LoginTypes(smtp: true, pop: false, popLockMinutes: 20)))
        #expect(seen.whiteList.value?.map(\.text) == ["127.0.0.1/8", "::1/128", "203.0.113.0/24"])
        #expect(seen.popLocks.value?.map(\.text) == ["198.51.100.9/32"])
        #expect(seen.blackList == .seen(["spammer.example"]))
    }

    @Test("The old layout gives them from misc")
    func oldLayout() {
        let seen = settings(DatabaseFixture.misc)
        #expect(seen.relaying == .seen(.open))
        #expect(seen.logins == .seen(LoginTypes(smtp: true, pop: true, popLockMinutes: 20)))
        #expect(seen.whiteList.value?.map(\.text) == ["127.0.0.1/8"])
    }

    @Test("Rows that an upgrade left in misc do not count beside the new layout")
    func bothLayouts() {
        let both =
            DatabaseFixture.rows(
                "node-settings", ["relay\topen", "disable_smtp_auth\t0", "disable_pop_auth\t1"])
            + DatabaseFixture.rows("misc-settings", ["relay\tclosed"])
        #expect(settings(both).relaying == .seen(.open))
        let cutOff = DatabaseFixture.rows("misc-settings", ["relay\tclosed"])
        #expect(settings(cutOff, problem: "it broke").relaying == .unseen("it broke"))
    }

    @Test(
        "What is not understood is unseen, never a default",
        arguments: [
            "", "PHP Warning: module\n", "node-settings\trelay\tauth\n", "relay\tauth\nend\tnode-settings\n",
            DatabaseFixture.rows("node-settings", []) + DatabaseFixture.rows("misc-settings", []),
            DatabaseFixture.rows("node-settings", ["relay\tpermissive"]),
            DatabaseFixture.absent("node-settings") + DatabaseFixture.absent("misc-settings"),
        ])
    func notUnderstood(_ output: String) {
        let seen = settings(output)
        #expect(seen.relaying.reason?.isEmpty == false)
        #expect(seen.logins.value == nil)
        #expect(seen.whiteList.value == nil)
    }

    @Test("One row that is no network makes the whole white list unseen")
    func badRow() {
        let rows = DatabaseFixture.rows("white-list", ["127.0.0.1\t8\t1", "0.0.0.0\t99\t1"])
        #expect(
            settings(rows).whiteList
                == .unseen("an entry of Plesk's white list is not understood: 0.0.0.0/99"))
    }

    @Test("An empty white list is seen as empty")
    func emptyList() {
        #expect(settings(DatabaseFixture.rows("white-list", [])).whiteList == .seen([]))
    }

    @Test(
        "A mask in dotted form is a prefix",
        arguments: [("255.0.0.0", 8), ("0.0.0.0", 0), ("255.255.255.255", 32)])
    func dottedMask(_ mask: String, _ prefix: Int) {
        #expect(WhiteListEntry(address: "127.0.0.1", mask: mask)?.text == "127.0.0.1/\(prefix)")
        #expect(WhiteListEntry(address: "127.0.0.1", mask: "255.0.255.0") == nil)
    }

    @Test("A cut-off answer keeps what was answered to its end")
    func cutOff() {
        let whole = DatabaseFixture.obsidian
        let cut = whole.firstRange(of: "end\tblack-list").map { String(whole[..<$0.lowerBound]) } ?? ""
        let seen = settings(cut, problem: "Plesk's database was not read: ERROR 1146")
        #expect(seen.whiteList.value?.count == 3)
        #expect(seen.blackList == .unseen("Plesk's database was not read: ERROR 1146"))
    }

    @Test("The client's escapes are undone")
    func escapes() {
        let seen = settings(DatabaseFixture.rows("black-list", [#"a\tb\\c\nd"#]))
        #expect(seen.blackList == .seen(["a\tb\\c\nd"]))
    }
}

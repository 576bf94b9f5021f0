import MailModel
import Testing

@testable import Postfix

@Suite struct TableTextTests {
    @Test func `Keys of a postmap source are folded, and lines continue`() {
        let entries = parseTable(
            type: "hash", bytes: Array("# c\nExample.COM\tOK\n10.1  REJECT go\n  away\nlonely\n".utf8))
        #expect(
            entries == [
                TableEntry(key: "example.com", value: "OK", line: 2, hasCapitals: true),
                TableEntry(key: "10.1", value: "REJECT go  away", line: 3),
            ])
    }

    @Test func `Rules of a cidr table keep negation and blocks`() {
        let text = "if 10.0.0.0/8\n!10.1.0.0/16 OK\nendif\n0.0.0.0/0 REJECT\nbad\n"
        let entries = parseTable(type: "cidr", bytes: Array(text.utf8))
        #expect(entries.map(\.key) == ["IF 10.0.0.0/8", "!10.1.0.0/16", "ENDIF", "0.0.0.0/0"])
        #expect(entries.map(\.line) == [1, 2, 3, 4])
    }

    @Test func `Patterns keep their delimiters, flags and spaces`() {
        let text = "/^a b\\/c$/i OK\n!/x/ REJECT text\n|a| b\nif !/y/\n/z/ $1\nendif\n"
        let entries = parseTable(type: "pcre", bytes: Array(text.utf8))
        #expect(entries.map(\.key) == ["/^a b\\/c$/i", "!/x/", "|a|", "IF !/y/", "/z/", "ENDIF"])
        #expect(entries.map(\.value) == ["OK", "REJECT text", "b", "", "$1", ""])
    }

    @Test(arguments: [
        ("hash:/etc/x", "hash", "/etc/x"), ("proxy:unix:passwd.byname", "unix", "passwd.byname"),
        ("static:{ OK }", "static", "{ OK }"),
    ])
    func `A table name is a type and a name`(text: String, type: String, name: String) throws {
        let table = try #require(TableName(text))
        #expect(table.type == type)
        #expect(table.name == name)
    }

    @Test func `Tables inside values have members and entries`() {
        #expect(TableName("unionmap:{hash:/a, {cidr:/b}}")?.members == ["hash:/a", "cidr:/b"])
        #expect(TableName("inline:{{a = b c}, d=e}")?.inlineEntries.map(\.value) == ["b c", "e"])
        #expect(TableName("static:{ x y }")?.staticValue == "x y")
    }

    @Test(
        arguments: [
            ("/etc/postfix/maps/a", "/copy/maps/a"), ("/etc/postfix/../shadow", nil), ("/var/x", nil),
        ] as [(String, String?)])
    func `A path of the host has its place in a copy`(path: String, expected: String?) {
        #expect(pathInCopy(path, directory: "/etc/postfix", copy: "/copy") == expected)
    }

    @Test func `A configuration names the files and tables that must be read`() {
        let main = """
            mynetworks = 127.0.0.0/8 /etc/postfix/nets !cidr:/etc/postfix/n.cidr
            relay_domains = $transport_maps
            transport_maps = hash:/etc/postfix/transport
            smtpd_relay_restrictions = check_client_access unionmap:{hash:/a,static:OK}, check_policy_service unix:p, friends
            smtpd_restriction_classes = friends
            friends = check_sender_access { pcre:/b, search_order = x }
            """
        let found = references(of: Array(main.utf8), masterCF: [], version: nil)
        #expect(found.files == ["/etc/postfix/nets"])
        #expect(
            Set(found.tables).isSuperset(of: [
                "cidr:/etc/postfix/n.cidr", "hash:/etc/postfix/transport", "hash:/a", "pcre:/b",
            ]))
        #expect(!found.tables.contains("unix:p"))
        let nets = FileContent(path: "/etc/postfix/nets", bytes: Array("10.0.0.0/8\nhash:/c\n".utf8))
        let more = references(
            of: Array(main.utf8), masterCF: [], version: nil, otherFiles: ["/etc/postfix/nets": nets])
        #expect(more.tables.contains("hash:/c"))
    }

    @Test func `Overrides of postscreen and of local delivery name tables too`() {
        let master = """
            smtp inet n - y - 1 postscreen -o postscreen_access_list=permit_mynetworks,cidr:/s
            local unix - n n - - local -o mailbox_transport_maps=hash:/m
            """
        let found = references(of: [], masterCF: Array(master.utf8), version: nil)
        #expect(Set(found.tables).isSuperset(of: ["cidr:/s", "hash:/m"]))
    }
}

/// Patterns that take in more domains than they name, and maps that lead where the recipient's own address says.
extension Defect {
    static let widePatterns: [Defect] = wideClasses + decodings

    private static let wideClasses: [Defect] = [
        #"/\.com$/ x"#, #"/com$/ x"#, #"/example\.net$/ x"#, #"/\.(net|com|org)$/ x"#,
        #"/^[a-z-]+\.[a-z]{3}$/ x"#,
        #"/(^|\.)example\.net$/ x"#, #"/\.co\.uk$/ x"#, #"/^[a-z]+\.[a-z]+\.uk$/ x"#,
    ].flatMap { row -> [Defect] in
        [
            Defect("mydestination by \(row), which goes out") {
                $0.set("mydestination", "localhost, example.net, \($0.table("wide.pcre", row + "\n"))")
                $0.set("local_recipient_maps", "")
                $0.set("local_transport", "smtp:")
            },
            Defect("virtual_mailbox_domains by \(row), which go out") {
                $0.set("virtual_mailbox_domains", $0.table("wide.pcre", row + "\n"))
                $0.set("virtual_mailbox_maps", "static:x")
                $0.set("virtual_transport", "smtp:")
            },
        ]
    }

    private static let decodings: [Defect] =
        ["virtual_alias_maps", "recipient_canonical_maps"].map { name in
            Defect("two tables of \(name) decode together") {
                let first = $0.table("first.pcre", "/^(.+)=(.+)@example\\.net$/ $1--$2\n")
                let second = $0.table("second.pcre", "/^(.+)--(.+)$/ $1@$2\n")
                $0.set(name, "pipemap:{\(first),\(second)}")
            }
        } + [
            Defect("the users of one domain are sent to one other host") {
                $0.set("virtual_alias_domains", "sub.example.net")
                $0.set(
                    "virtual_alias_maps",
                    $0.table("forward.pcre", "/^(.+)@sub\\.example\\.net$/ $1@partner.test\n"))
            },
            Defect("numbers are sent to one other host") {
                $0.set(
                    "virtual_alias_maps",
                    $0.table("fax.pcre", "/^fax=([0-9]+)@example\\.net$/ $1@partner.test\n"))
            },
        ]
}

import Content
import Fixtures
import Testing

@Suite("Keeping secrets out of what is shown")
struct MaskSecretsTests {
    @Test(
        "Passwords are masked; what decides about relaying stays",
        arguments: [
            ("password = s3cret\n", "password = ***\n"), ("password=s3cret", "password=***"),
            ("  bind_pw_password: s3cret\r\n", "  bind_pw_password: ***\r\n"),
            ("bind_pw = s3cret", "bind_pw = ***"), ("virt_bind_pw = s3cret", "virt_bind_pw = ***"),
            (
                "virtual_maps = pgsql://agent:s3c:ret@db.example/psa, hash:/etc/x",
                "virtual_maps = pgsql://agent:***@db.example/psa, hash:/etc/x"
            ),
            ("relay = smtp://a:b@c smtp://d:e@f", "relay = smtp://a:***@c smtp://d:***@f"),
            ("smtp_sasl_password_maps = static:user:s3cret", "smtp_sasl_password_maps = static:***"),
            ("    static:user:s3cret,", "    static:***,"),
            ("maps = inline:{ host.example=user:s3cret }", "maps = inline:{***}"),
            ("  -o smtp_sasl_password_maps=static:user:s3cret", "  -o smtp_sasl_password_maps=static:***"),
            (
                "maps = inline:{ { [mx.example]:587 = user:s3cret } }", "maps = inline:{***}"
            ),
            (
                "maps = inline:{\n  { [mx.example]:587 = user:s3cret } }\nb = 1\n",
                "maps = inline:{\n  ***}\nb = 1\n"
            ),
            ("maps = static:\n   user:s3cret\nb = 1", "maps = static:\n   ***\nb = 1"),
            ("x_bind_pw =\n# why\n  s3cret\nb = 1\n", "x_bind_pw =\n***\n  ***\nb = 1\n"),
            ("  -o a=b -o x_password=s3cret -o c=d", "  -o a=b -o x_password=*** -o c=d"),
            ("  -o { x_bind_pw = s3cret word } -o c=d", "  -o { x_bind_pw = *** } -o c=d"),
            (
                "  flags=R user=x argv=/usr/bin/curl -u admin:s3cret --data-binary @- http://h/",
                "  flags=R user=x argv=/usr/bin/curl -u admin:*** --data-binary @- http://h/"
            ),
            ("credentials = user:s3cret", "credentials = ***"),
            ("# the old password was s3cret", "# the old password ***"), ("#pw s3cret\n", "#pw ***\n"),
            (
                "x = ${stress?{static:user:s3cret}:{}}", "x = ${stress?{static:***{}}"
            ),
            ("x = ${stress?{inline:{ { a } = u:s3cret }}:{}}", "x = ${stress?{inline:{***}}:{}}"),
            ("x = static:us}er:s3cret", "x = static:***"),
            (
                "smtp_sasl_password_maps =\n# check_a_access\n  static:u:s3cret",
                "smtp_sasl_password_maps =\n# check_a_access\n  static:***"
            ),
            ("x = check_a_access hash:/a, static:u:s3cret", "x = check_a_access hash:/a, static:***"),
            // Nothing secret in these.
            ("x = ${stress?{check_client_access static:OK}:{}}", nil),
            ("x = check_client_access static:OK:x, reject", nil),
            ("  check_sender_access { inline:{ a@b.c = REJECT see http://d/e:f } }", nil),
            ("smtp_sasl_password_maps = hash:/etc/postfix/sasl_passwd", nil),
            ("smtpd_relay_restrictions = check_client_access static:OK, reject", nil),
            ("mynetworks = 127.0.0.0/8 [::1]/128", nil), ("smtpd_tls_key_file = /etc/x.pem", nil),
            ("check_policy_service inet:127.0.0.1:10023", nil), ("relayhost = [smtp.example]:587", nil),
            ("inline:{ a=OK, b=REJECT }", nil), ("http://host.example:80/a@b", nil), ("", nil),
            ("password =", nil), ("# no password\na = b\n", nil), ("a =\n  b:c\n", nil),
        ] as [(String, String?)])
    func mask(line: String, masked: String?) {
        #expect(String(decoding: withoutSecrets(line.utf8), as: UTF8.self) == masked ?? line)
    }

    @Test("A difference shows that a secret is there, and not which")
    func diff() {
        let before = Array("a = 1\npassword = s3cret\nb = 2\n".utf8)
        let after = Array("a = 1\npassword = s3cret\nb = 3\n".utf8)
        let diff = unifiedDiff(path: "/etc/x", before: before, after: after)
        #expect(diff.contains(" password = ***\n"))
        #expect(!diff.contains("s3cret"))
    }

    @Test("A changed line shows no secret that began on the line before it")
    func continued() {
        let before = Array("m = inline:{\n { a = u:s3cret }\n b = 1 }\n".utf8)
        let after = Array("m = inline:{\n { a = u:s3cret }\n b = 2 }\n".utf8)
        let diff = unifiedDiff(path: "/etc/x", before: before, after: after)
        #expect(diff.contains("\n- ***}\n+ ***}\n"), "\(diff)")
        #expect(!diff.contains("s3cret"))
    }

    @Test("No bytes make it fail, and what has no sign of a secret comes through as it is")
    func anything() {
        var generator = SeededGenerator(seed: 1)
        for _ in 0..<2000 {
            let alphabet = Array("pas:word=@/ static{}inline\n".utf8) + [0xE9]
            let line = (0..<Int.random(in: 0..<60, using: &generator)).map { _ in
                alphabet[Int.random(in: 0..<alphabet.count, using: &generator)]
            }
            let shown = withoutSecrets(line)
            if !line.contains(UInt8(ascii: ":")), !line.contains(UInt8(ascii: "=")) { #expect(shown == line) }
            #expect(shown.count { $0 == 0x0A } == line.count { $0 == 0x0A })
        }
    }
}

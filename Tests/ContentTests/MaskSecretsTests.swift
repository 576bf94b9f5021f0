import Content
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
            // Nothing secret in these.
            ("smtp_sasl_password_maps = hash:/etc/postfix/sasl_passwd", nil),
            ("smtpd_relay_restrictions = check_client_access static:OK, reject", nil),
            ("mynetworks = 127.0.0.0/8 [::1]/128", nil), ("smtpd_tls_key_file = /etc/x.pem", nil),
            ("check_policy_service inet:127.0.0.1:10023", nil), ("relayhost = [smtp.example]:587", nil),
            ("inline:{ a=OK, b=REJECT }", nil), ("http://host.example:80/a@b", nil), ("", nil),
            ("password =", nil),
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

    @Test("No bytes make it fail, and what has no sign of a secret comes through as it is")
    func anything() {
        var generator = SystemRandomNumberGenerator()
        for _ in 0..<2000 {
            let alphabet = Array("pas:word=@/ static{}inline\n".utf8) + [0xE9]
            let line = (0..<Int.random(in: 0..<60, using: &generator)).map { _ in
                alphabet[Int.random(in: 0..<alphabet.count, using: &generator)]
            }
            let shown = withoutSecrets(line)
            if !line.contains(UInt8(ascii: ":")), !line.contains(UInt8(ascii: "=")) { #expect(shown == line) }
        }
    }
}

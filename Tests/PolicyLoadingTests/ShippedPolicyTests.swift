import MailModel
import PolicyLoading
import Testing

@Suite("The policies that ship")
struct ShippedPolicyTests {
    @Test("are four, and each is valid and keeps its meaning when it is shown")
    func allAreValid() throws {
        let names = try shippedPolicies()
        #expect(
            names == [
                "hands-off.yaml", "no-open-relay.yaml", "no-relaying-at-all.yaml", "shared-hosting.yaml",
            ])
        for name in names {
            let policy = try parsePolicy(PolicyFile(path: name, bytes: shipped(name)), dropIns: [])
            #expect(meaning(of: try parse(renderPolicy(policy))) == meaning(of: policy))
            #expect(name == "no-open-relay.yaml" || meaning(of: policy) != builtInPolicy)
        }
    }

    @Test("hold the default that is built into the program, byte for byte")
    func builtInText() throws {
        #expect(Array(builtInPolicyText.utf8) == (try shipped("no-open-relay.yaml")))
        #expect(meaning(of: try parse(builtInPolicyText)) == builtInPolicy)
        #expect(builtInPolicy.whiteList.within.map(\.description) == ["127.0.0.1/8", "::1/128"])
    }

    @Test("hold the schema that the program prints, byte for byte")
    func schemaText() throws {
        #expect(Array(policySchema().utf8) == (try shipped("policy.schema.json")))
    }

    @Test("leave out whatever is as in the default")
    func leftOut() throws {
        #expect(meaning(of: try parse("version: 1\n")) == builtInPolicy)
        for block in ["white-list", "relay", "queue", "probe", "after-apply", "backups"] {
            #expect(meaning(of: try parse("version: 1\n\(block): {}\n")) == builtInPolicy)
        }
    }
}

@Suite("A policy")
struct PolicyTextTests {
    @Test("sets every key")
    func everyKey() throws {
        let policy = try parse(
            """
            ---
            version: 1
            relaying: "closed"
            white-list:
              within: [10.1.2.3/8, ::1/128, 2001:db8::/32, fc00::/7]
              vouched:
              - {network: 192.0.2.7, reason: 'why? 2 * 2 ? & so', until: 2027-12-31}
            port-25: plesk
            relay: {strangers: refuse}
            queue: {warn-above: 7, flood: hold}
            probe:
              from: ssh://admin@vantage.example
              ports:
                - 2525
            after-apply: {mail-broken: roll-back, unconfirmed: harbour}
            backups: {keep-last: 3, keep-within: 2w}
            ...
            """)
        #expect(policy.relaying == .closed)
        #expect(
            policy.whiteList.within.map(\.description) == [
                "10.1.2.3/8", "::1/128", "2001:db8::/32", "fc00::/7",
            ])
        #expect(policy.whiteList.vouched.map(\.reason) == ["why? 2 * 2 ? & so"])
        #expect(policy.queue == Policy.Queue(warnAbove: 7, flood: .hold))
        #expect(policy.probe == Policy.Probe(from: .ssh("admin@vantage.example"), ports: [2525]))
        #expect(policy.afterApply == Policy.AfterApply(mailBroken: .rollBack, unconfirmed: .harbour))
        #expect(policy.backups == Policy.Backups(keepLast: 3, keepWithinDays: 14))
    }

    @Test("may be saved with a byte order mark and CRLF")
    func foreignEditors() throws {
        #expect(try parse("\u{feff}version: 1\r\nrelaying: closed\r\n").relaying == .closed)
    }

    @Test("is shown whole, and what is shown is read as the same policy")
    func rendering() throws {
        let policy = try parse(
            "version: 1\nprobe: {from: 'https://vantage.example:8443'}\n",
            dropIns: [
                "version: 1\nwhite-list:\n  vouched:\n"
                    + "    - {network: '2001:db8::1/64', reason: 'a \"b\" \\c: #d é', until: 2027-03-31}\n"
            ])
        let text = renderPolicy(policy)
        #expect(
            text == """
                # policy.yaml
                # 1.yaml
                version: 1
                relaying: authorization-required
                white-list:
                  within: [127.0.0.1/8, "::1/128"]
                  vouched:
                    - network: "2001:db8::1/64" # 1.yaml:4:7
                      reason: "a \\"b\\" \\\\c: #d é"
                      until: 2027-03-31
                port-25: plesk
                relay:
                  strangers: refuse
                queue:
                  warn-above: 1000
                  flood: report
                probe:
                  from: "https://vantage.example:8443"
                  ports: [25, 465, 587]
                after-apply:
                  mail-broken: automatic
                  unconfirmed: keep
                backups:
                  keep-last: 50
                  keep-within: 90d

                """)
        #expect(meaning(of: try parse(text)) == meaning(of: policy))
    }

    @Test("cannot be changed by the name of its file")
    func hostileName() throws {
        let file = PolicyFile(path: "a\nrelaying: closed\u{85}", bytes: Array("version: 1\n".utf8))
        let text = renderPolicy(try parsePolicy(file, dropIns: []))
        #expect(try parse(text).relaying == .authorizationRequired)
    }
}

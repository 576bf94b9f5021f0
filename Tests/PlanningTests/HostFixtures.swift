import MailModel

/// A host as a Plesk administrator would want it; each test changes what it is about.
enum HostFixture {
    static let commands = MailserverCommands(
        invocation: ["/usr/sbin/plesk", "bin", "mailserver"], setRelay: "--set-relay",
        relayWords: [.open: "open", .auth: "auth", .closed: "closed"], authType: "-auth-type",
        lockTime: "-lock-time", addToWhiteList: "--add-to-white-list",
        removeFromWhiteList: "--remove-from-white-list")

    static let mainCF = """
        # a host as Plesk leaves it
        compatibility_level = 3.6
        myhostname = mx.hosted.example
        mydestination = localhost
        mynetworks = 127.0.0.0/8 [::1]/128
        smtpd_relay_restrictions = permit_mynetworks, permit_sasl_authenticated, reject_unauth_destination

        """

    static let masterCF = """
        smtp inet n - n - - smtpd
        pickup unix n - n 60 1 pickup

        """ + delivery

    /// What a service on port 25 needs, and what passes on what it takes.
    static let delivery = """
        cleanup unix n - n - 0 cleanup
        qmgr unix n - n 300 1 qmgr
        rewrite unix - - n - - trivial-rewrite
        smtp unix - - n - - smtp

        """

    static func entry(_ text: String) -> WhiteListEntry {
        WhiteListEntry(network: IPNetwork(text) ?? IPNetwork(.v4(0)), text: text)
    }

    static func plesk(
        relaying: RelayingMode = .auth,
        logins: LoginTypes = LoginTypes(smtp: true, pop: false, popLockMinutes: 20),
        whiteList: [String] = ["127.0.0.1/8", "::1/128"], commands: MailserverCommands = commands,
        busy: String? = nil
    ) -> PleskState {
        PleskState(
            version: "18.0.62", root: "/usr/local/psa", commands: commands, relaying: .seen(relaying),
            logins: .seen(logins), whiteList: .seen(whiteList.map(entry)), blackList: .seen([]), busy: busy)
    }

    static func postfix(mainCF: String = mainCF, masterCF: String = masterCF) -> PostfixConfiguration {
        PostfixConfiguration(
            version: "3.7.11", directory: "/etc/postfix",
            mainCF: FileContent(path: "/etc/postfix/main.cf", bytes: Array(mainCF.utf8)),
            masterCF: FileContent(path: "/etc/postfix/master.cf", bytes: Array(masterCF.utf8)),
            otherFiles: [:], tables: [:], interfaces: [], hostName: "mx.hosted.example")
    }

    static func listener(_ executable: String, port: Int = 25, address: IPAddress = .v4(0)) -> Listener {
        Listener(address: address, port: port, processID: 700, executable: executable, unit: nil)
    }

    static func host(
        plesk: Observed<PleskState> = .seen(plesk()),
        postfix: Observed<PostfixConfiguration> = .seen(postfix()),
        listeners: Observed<[Listener]> = .seen([listener("/usr/lib/postfix/sbin/master")]),
        queue: Observed<QueueCount> = .seen(QueueCount(messagesByQueue: ["deferred": 2])),
        day: String = "2026-11-23"
    ) -> HostState {
        HostState(
            name: "mx.hosted.example", machineID: "0123456789abcdef0123456789abcdef",
            observedAt: Timestamp(rfc3339: day + "T12:00:00Z") ?? Timestamp(seconds: 0), plesk: plesk,
            managedMTA: .seen(ManagedMTA(.postfix, evidence: [])), listeners: listeners, postfix: postfix,
            queue: queue, hosted: .seen(HostedMail(domains: ["hosted.example"], recipients: [])))
    }

    static func policy(relaying: Policy.Relaying = .authorizationRequired, vouched: [VouchedNetwork] = [])
        -> Policy
    {
        Policy(
            relaying: relaying,
            whiteList: .init(
                within: ["127.0.0.1/8", "::1/128"].compactMap { IPNetwork($0) }, vouched: vouched),
            queue: .init(warnAbove: 1000, flood: .report), probe: .init(from: .networkNamespace, ports: [25]),
            afterApply: .init(mailBroken: .automatic, unconfirmed: .keep),
            backups: .init(keepLast: 50, keepWithinDays: 90), files: [])
    }
}

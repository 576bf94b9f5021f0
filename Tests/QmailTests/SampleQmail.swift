import MailModel

@testable import Qmail

/// A Qmail host that hosts example.net, as text.
enum SampleQmail {
    static let chain =
        "/var/qmail/bin/relaylock /var/qmail/bin/qmail-smtpd "
        + "/var/qmail/bin/smtp_auth /var/qmail/bin/true /var/qmail/bin/cmd5checkpw /var/qmail/bin/true"

    static let control: [String: String] = [
        "/var/qmail/control/me": "mx.example.net\n",
        "/var/qmail/control/locals": "mx.example.net\nlocalhost\n",
        "/var/qmail/control/rcpthosts": "mx.example.net\nexample.net\nlocalhost\n",
        "/var/qmail/control/virtualdomains": "example.net:1\n",
    ]

    /// Plesk's entry for xinetd, of the shape that was seen on Plesk 8 (2007).
    static func xinetd(
        service: String = "smtp", arguments: String = chain, environment: String? = nil, more: String = ""
    ) -> String {
        """
        service \(service)
        {
                socket_type     = stream
                protocol        = tcp
                wait            = no
                disable         = no
                user            = root
                instances       = UNLIMITED
        \(environment.map { "        env             = \($0)\n" } ?? "")\(more)\
                server          = /var/qmail/bin/tcp-env
                server_args     = -Rt0 \(arguments)
        }

        """
    }

    /// A supervised service.
    static func run(
        port: String = "smtp", export: String = "", command: String = "/var/qmail/bin/qmail-smtpd",
        options: String = "-v -R -H -l 0 -x /etc/tcp.smtp.cdb -c 20 -u 1000 -g 1000"
    ) -> String {
        """
        #!/bin/sh
        QMAILDUID=`id -u qmaild`
        \(export)
        exec /usr/local/bin/softlimit -m 8000000 \\
            /usr/local/bin/tcpserver \(options) 0 \(port) \(command) 2>&1

        """
    }

    static func configuration(
        _ files: [String: String?], isCopy: Bool = false, whiteList: [WhiteListEntry]? = [],
        domains: [String]? = ["example.net"]
    ) -> QmailConfiguration {
        var all = control.mapValues(Optional.some)
        for (path, text) in files {
            let place = path.hasPrefix("/") ? path : "/var/qmail/control/\(path)"
            all.updateValue(text, forKey: place)
        }
        var contents: [String: QmailConfiguration.File] = [:]
        for (path, text) in all {
            guard let text else { continue }
            contents[path] = .content(FileContent(path: path, bytes: Array(text.utf8)))
        }
        return QmailConfiguration(files: contents, isCopy: isCopy, whiteList: whiteList, domains: domains)
    }

    static func withRules(_ rules: String, _ files: [String: String?] = [:]) -> QmailConfiguration {
        var configuration = configuration(
            ["/service/smtpd/run": run(options: "-x /etc/tcp.smtp.cdb"), "/etc/tcp.smtp": rules].merging(
                files
            ) {
                $1
            })
        if let compiled = TCPRules.compiled(source: Array(rules.utf8)) {
            configuration.files["/etc/tcp.smtp.cdb"] = .content(
                FileContent(path: "/etc/tcp.smtp.cdb", bytes: compiled))
        }
        return configuration
    }

    static let loopback = [IPNetwork(.v4(127 << 24), prefix: 8)].compactMap(\.self)
}

extension QmailConfiguration {
    func text(_ path: String) -> String? {
        files[path]?.bytes.map { String(decoding: $0, as: UTF8.self) }
    }
}

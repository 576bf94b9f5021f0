import MailModel
import Testing

@testable import RelayAnalysis

@Suite("A service that strangers reach through a proxy on the host")
struct BehindProxyTests {
    private func report(
        _ mainCF: String, service: String = "smtp inet n - n - - smtpd", at target: String = "127.0.0.1:25"
    ) -> RelayReport? {
        let main =
            "compatibility_level = 3.6\nmyhostname = mx.example.net\nmydestination = example.net\n" + mainCF
        let master =
            service + "\npickup unix n - n 60 1 pickup\ncleanup unix n - n - 0 cleanup\n"
            + "qmgr unix n - n 300 1 qmgr\nrewrite unix - - n - - trivial-rewrite\nsmtp unix - - n - - smtp\n"
        let configuration = PostfixConfiguration(
            version: "3.7.11", directory: "/etc/postfix",
            mainCF: FileContent(path: "/etc/postfix/main.cf", bytes: Array(main.utf8)),
            masterCF: FileContent(path: "/etc/postfix/master.cf", bytes: Array(master.utf8)), otherFiles: [:],
            tables: [:], interfaces: [IPNetwork(.v4(0xcb00_710a))], hostName: "mx.example.net")
        return explainBehindProxy(configuration, at: target, trusted: [])
    }

    private let trusting = "mynetworks = 127.0.0.0/8, 203.0.113.10\n"

    @Test("The address that the proxy has decides, and the entry that has it is named")
    func trusted() {
        let open = report(trusting)
        #expect(open?.verdict == .open)
        #expect(open?.causes.map(\.culprit) == ["127.0.0.0/8"])
        #expect(open?.causes.map(\.opens) == ["every client"])
        #expect(report(trusting, at: "203.0.113.10:25")?.causes.map(\.culprit) == ["203.0.113.10"])
        #expect(report("mynetworks_style = host\n")?.verdict == .open)
    }

    @Test("Without trust in it, and with the PROXY protocol, strangers are strangers")
    func strangers() {
        #expect(report("mynetworks =\n")?.verdict == .closed)
        #expect(report(trusting + "smtpd_upstream_proxy_protocol = haproxy\n")?.verdict == .closed)
        #expect(
            report("mynetworks = 0.0.0.0/0\nsmtpd_upstream_proxy_protocol = haproxy\n")?.verdict == .open)
        #expect(
            report(
                trusting, service: "127.0.0.1:10025 inet n - n - - smtpd -o mynetworks=",
                at: "127.0.0.1:10025")?
                .verdict == .closed)
    }

    @Test("What is not here, and clients that XCLIENT may name, are not judged")
    func unknown() {
        #expect(report(trusting, at: "127.0.0.1:2525") == nil)
        #expect(report(trusting, at: "172.17.0.2:25") == nil)
        #expect(report(trusting, at: "what its own configuration says") == nil)
        #expect(report(trusting + "smtpd_authorized_xclient_hosts = 127.0.0.0/8\n") == nil)
    }
}

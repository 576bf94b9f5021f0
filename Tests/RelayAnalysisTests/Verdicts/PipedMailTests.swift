import MailModel
import Testing

@testable import RelayAnalysis

/// Strangers' mail that pipe(8) hands to a program.
@Suite struct PipedMailTests {
    private func host(_ program: String, _ settings: [String: String] = [:]) -> SampleHost {
        let all = ["mynetworks": "0.0.0.0/0 [::]/0", "default_transport": "foo"].merging(settings) { $1 }
        var host = all.reduce(SampleHost()) { $0.setting($1.key, $1.value) }
        host.master += "foo unix - n n - - pipe flags=R user=nobody\n  \(program)\n"
        return host
    }

    @Test(arguments: [
        ("argv=/usr/local/bin/handler $recipient", [:], RelayVerdict.unknown),
        ("argv= /usr/local/bin/handler", [:], .unknown),
        ("argv=/usr/sbin/sendmail -G -i $recipient", [:], .open),
        ("argv=uux -r -n -z -a$sender - $nexthop!rmail ($recipient)", [:], .open),
        ("argv=/usr/bin/maildrop -d $recipient", [:], .closed), ("argv=/bin/false", [:], .closed),
        // pipe(8) stops without a command.
        ("flags=q", [:], .closed),
        ("argv=/opt/handler", ["default_transport": "smtp"], .open),
        ("argv=/opt/handler", ["default_transport": "smtp", "transport_maps": "inline:{*=foo:}"], .unknown),
        ("argv=/opt/handler", ["default_transport": "smtp", "content_filter": "foo:"], .open),
        ("argv=/opt/handler", ["mynetworks": "127.0.0.0/8"], .closed),
        ("argv=/opt/handler", ["mynetworks": "127.0.0.0/8", "virtual_transport": "foo"], .closed),
    ])
    func `What a program does with it is known of few`(
        program: String, settings: [String: String], verdict: RelayVerdict
    ) {
        #expect(host(program, settings).report.verdict == verdict)
    }

    @Test func `Unknown is said with the line, the program and the transport, and nothing else`() {
        let report = host("argv=/opt/handler").report
        #expect(report.causes.first?.kind == "mynetworks" && report.causes.first?.line != nil)
        #expect(
            report.causes.first?.opens
                == "every client, if /opt/handler sends on what the transport foo hands it")
        #expect(report.causes.first?.remedy.contains("0.0.0.0/0") == true)
        #expect(!report.risks.contains { $0.kind == "accept-all" })
    }

    @Test func `A repair takes the program for one that sends on`() {
        let host = host("argv=/opt/handler")
        let repair = repairRelay(host.configuration, trusted: SampleHost.trusted, deferred: .leaves)
        #expect(repair.after.verdict == .closed)
        #expect(!repair.edits.isEmpty)
        #expect(host.repaired(repair).report.verdict == .closed)
    }

    @Test func `Of a table that is asked elsewhere, the remedy is to ask it`() {
        let map = "socketmap:inet:127.0.0.1:8888:domains"
        let host = SampleHost().setting("relay_domains", map)
        #expect(host.report.verdict == .unknown)
        #expect(
            host.report.causes.first?.remedy
                == "Ask \(map) whom it lists (postmap -q), or put a file in its place.")
    }
}

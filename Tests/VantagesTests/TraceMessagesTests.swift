import MailModel
import SMTPCore
import Testing

@testable import Vantages

/// Lines as Postfix 3.7.11 of Debian 12 writes them.
@Suite("Trace of messages")
struct TraceMessagesTests {
    @Test("The log says whether a message left the host, waits to, or ended there")
    func log() {
        let head = "Nov 24 12:00:00 mx postfix/smtp[7]: "
        let log = """
            \(head)4XYZ1: to=<a@example.org>, relay=mx.example.org[192.0.2.9]:25, delay=1, dsn=2.0.0, status=sent (250 2.0.0 Ok)
            \(head)4XYZ2: to=<b@example.org>, relay=none, delay=1, dsn=4.4.1, status=deferred (connect to mx.example.org[192.0.2.9]:25: Connection refused)
            \(head)4XYZ3: to=<c@example.org>, relay=none, delay=0, dsn=2.0.0, status=sent (example.org)
            \(head)4XYZ4: to=<d@h.example>, relay=local, delay=0, dsn=5.1.1, status=bounced (unknown user: "d")
            \(head)4XYZ5: to=<e@example.org>, relay=mx.example.org[192.0.2.9]:25, delay=1, dsn=5.1.1, status=bounced (550 no)
            \(head)4XYZ7: to=<f@sub.h.example>, relay=mx[private/dovecot-lmtp], delay=0, dsn=2.0.0, status=sent (250 2.0.0 <f> Saved)
            \(head)4XYZ8: to=<g@example.org>, relay=127.0.0.1[127.0.0.1]:10024, delay=0, dsn=2.0.0, status=sent (250 2.0.0 from MTA(smtp:[127.0.0.1]:10025): 250 2.0.0 Ok: queued as 4XYZ9)
            \(head)4XYZ9: to=<g@example.org>, relay=mx.example.org[192.0.2.9]:25, delay=1, dsn=2.0.0, status=sent (250 2.0.0 Ok)
            \(head)4XYZA: to=<h@example.org>, relay=smarthost[203.0.113.5]:25, delay=1, dsn=5.1.1, status=bounced (host smarthost[203.0.113.5] said: 550 no literals here)
            \(head)4XYZB: to=<i@example.org>, relay=mx[203.0.113.10]:26, delay=1, dsn=5.1.1, status=bounced (host mx[203.0.113.10] said: 550 no)
            \(head)4XYZ6: removed
            """
        let ids: Set<String> = [
            "4XYZ1", "4XYZ2", "4XYZ3", "4XYZ4", "4XYZ6", "4XYZ7", "4XYZ8", "4XYZA", "4XYZB",
        ]
        #expect(
            PostfixTracing.traces(inLog: log, of: ids, own: [.v4(0xcb00_710a)]) == [
                "4XYZ1": .passedOn("mx.example.org[192.0.2.9]:25", recipient: "a@example.org"),
                "4XYZ2": .waiting(
                    "connect to mx.example.org[192.0.2.9]:25: Connection refused", recipient: "b@example.org"),
                "4XYZ3": .kept("none, sent"), "4XYZ4": .kept("local, bounced"),
                "4XYZ7": .kept("mx[private/dovecot-lmtp], sent"),
                "4XYZ8": .passedOn("mx.example.org[192.0.2.9]:25", recipient: "g@example.org"),
                "4XYZA": .passedOn("smarthost[203.0.113.5]:25", recipient: "h@example.org"),
                "4XYZB": .kept("mx[203.0.113.10]:26, bounced"),
            ])
    }

    @Test("The queue says what is held, and why the rest waits")
    func queue() {
        let queue = """
            {"queue_name": "hold", "queue_id": "4XYZ1", "arrival_time": 1, "message_size": 2, "forced_expire": false, "sender": "", "recipients": [{"address": "a@example.org"}]}
            {"queue_name": "deferred", "queue_id": "4XYZ2", "arrival_time": 1, "message_size": 2, "forced_expire": false, "sender": "", "recipients": [{"address": "b@example.org", "delay_reason": "connect to mx.example.org[192.0.2.9]:25: Connection refused"}]}
            {"queue_name": "active", "queue_id": "4XYZ3", "arrival_time": 1, "message_size": 2, "forced_expire": false, "sender": "", "recipients": [{"address": "c@example.org"}]}
            """
        #expect(
            PostfixTracing.traces(inQueue: queue, of: ["4XYZ1", "4XYZ2"]) == [
                "4XYZ1": .held,
                "4XYZ2": .waiting(
                    "connect to mx.example.org[192.0.2.9]:25: Connection refused", recipient: "b@example.org"),
            ])
    }
}

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
            \(head)4XYZ6: removed
            """
        let ids: Set<String> = ["4XYZ1", "4XYZ2", "4XYZ3", "4XYZ4", "4XYZ6"]
        #expect(
            PostfixTracing.traces(inLog: log, of: ids) == [
                "4XYZ1": .passedOn("mx.example.org[192.0.2.9]:25"),
                "4XYZ2": .waiting("connect to mx.example.org[192.0.2.9]:25: Connection refused"),
                "4XYZ3": .kept("none, sent"), "4XYZ4": .kept("local, bounced"),
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
                "4XYZ2": .waiting("connect to mx.example.org[192.0.2.9]:25: Connection refused"),
            ])
    }
}

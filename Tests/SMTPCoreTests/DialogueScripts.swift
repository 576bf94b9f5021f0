import MailModel
import SMTPCore

let sampleNames = TestNames(
    token: "t1", local: "hosted.example", user: "info", address: "203.0.113.10", vantage: "198.51.100.25")

func script(
    _ ids: [String], tls: TLSUse = .none, delivery: DialogueScript.Delivery = .never
) -> DialogueScript {
    DialogueScript(
        tls: tls,
        questions: TestCatalogue.all.filter { ids.contains($0.id) }
            .map { .init(test: $0, names: sampleNames) },
        delivery: delivery)
}

func line(_ text: String) -> Dialogue.Event { .bytes(Array((text + "\r\n").utf8)) }

func sent(_ action: Dialogue.Action) -> String? {
    guard case .send(let bytes) = action else { return nil }
    return String(decoding: bytes, as: UTF8.self)
}

/// Plays a server's lines and notes what the client says to each.
func play(_ dialogue: inout Dialogue, _ lines: [String]) -> [String] {
    lines.map { text in
        switch dialogue.received(line(text)) {
        case .send(let bytes): String(decoding: bytes.dropLast(2), as: UTF8.self)
        case .startTLS, .sendThenStartTLS: "(TLS)"
        case .wait: "(wait)"
        case .finish(let end): "(\(end))"
        }
    }
}

import MailModel
import Postfix

/// Mail for users whom local(8) does not know, which `luser_relay` may send wherever the address itself says.
extension SMTPServer {
    /// `luser_relay` as it is written: local(8) expands it for each recipient.
    private var luserRelay: String { host.main.definition(of: "luser_relay")?.value.text ?? "" }

    /// Recipients who say where their mail goes.
    var strayTraits: [Trait] {
        guard luserRelay.contains("$"), let domain = ownDomains.first else { return [] }
        let delimiter = values.text(of: "recipient_delimiter").prefix(1)
        return ["x7q\(delimiter)\(Stranger.domain)", Stranger.domain].map { local in
            let target = luserRelay(for: "\(local)@\(domain)")
            return Trait(
                change: .recipient("\(local)@\(domain)"),
                who: "anyone, to recipients such as \(local)@\(domain)",
                isEverybodys: target == "x7q@\(Stranger.domain)")
        }
    }

    /// `luser_relay`, where it leads a recipient of this host to the domain that is in its own address.
    func strayBlame(_ destination: Destination, _ session: Session) -> Blame? {
        guard destination.addressClass == .local, luserRelay.contains("$"),
            luserRelay(for: destination.address).hasSuffix("@\(Stranger.domain)")
        else { return nil }
        let chosen = transport(for: destination, session).name
        let local = host.values(ofDaemon: chosen)
        // Those are asked before it (local(8), "DELIVERY METHOD CONTROLS").
        let others = ["mailbox_transport", "fallback_transport"].map(local.text)
        guard command(of: chosen) == "local", others.allSatisfy(\.isEmpty) else { return nil }
        let blame = Blame(
            kind: .addressRewriting, parameter: "luser_relay",
            place: host.quoting.definition(of: "luser_relay", in: values))
        return closed.contains(blame.identity) ? nil : blame
    }

    private func luserRelay(for address: String) -> String {
        let at = address.lastIndex(of: "@") ?? address.endIndex
        let local = address[..<at]
        let delimiters = values.text(of: "recipient_delimiter")
        let cut = local.firstIndex(where: delimiters.contains) ?? local.endIndex
        let parts: [(String, Substring)] = [
            ("recipient", address[...]), ("domain", address[at...].dropFirst()), ("local", local),
            ("extension", local[cut...].dropFirst()), ("user", local[..<cut]),
        ]
        return parts.reduce(luserRelay) { text, part in
            ["${\(part.0)}", "$(\(part.0))", "$\(part.0)"].reduce(text) { $0.replacing($1, with: part.1) }
        }
    }
}

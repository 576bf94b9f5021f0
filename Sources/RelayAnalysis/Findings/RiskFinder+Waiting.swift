import MailModel
import Postfix

extension RiskFinder {
    /// What only waits: as soon as this is lifted or mended, or what is on hold is released, it leaves.
    var waitingMail: [RelayRisk] {
        let faults = host.deliveryFaults
        let isKept = isBraked || !host.holds.isEmpty || !host.misdirections.isEmpty
        guard isKept || !faults.isEmpty else { return [] }
        guard keepsStrangersMail else { return faults.map(stoppedDelivery) }
        return brakes + misdirectedMail + heldMail
            + faults.map {
                risk(
                    RelayRisk.deferredRelay, at: $0.place,
                    why:
                        "Strangers' mail is taken and waits in the queue: it leaves once this is mended "
                        + "(\($0.why)).")
            }
    }

    /// Whether strangers' mail leaves in one of the ways to count what waits, and not in the other.
    private var keepsStrangersMail: Bool {
        let other: DeferredMail = host.deferred == .stays ? .leaves : .stays
        let verdicts = [
            host.deferred: explanation.verdict,
            other: Explanation(Host(host.configuration, trusted: host.trusted, deferred: other)).verdict,
        ]
        return verdicts[.stays] == .closed && (verdicts[.leaves] == .open || verdicts[.leaves] == .partial)
    }

    private static let brake = "defer_transports"

    private var isBraked: Bool { !host.values(ofDaemon: "qmgr").value(of: Self.brake).items.isEmpty }

    private var brakes: [RelayRisk] {
        guard isBraked else { return [] }
        return [
            risk(
                RelayRisk.deferredRelay, Self.brake, host.values(ofDaemon: "qmgr"),
                why: "Strangers' mail is taken and waits in the queue: it leaves once this is lifted.")
        ]
    }

    private var misdirectedMail: [RelayRisk] {
        host.misdirections.sorted().map { parameter in
            risk(
                RelayRisk.deferredRelay, parameter, values,
                why:
                    "Strangers' mail is taken and waits for a host that is none: it leaves once this is corrected."
            )
        }
    }

    private var heldMail: [RelayRisk] {
        host.holds.map { hold in
            var risk = risk(
                RelayRisk.deferredRelay, at: hold.place,
                why:
                    "Strangers' mail is taken and put on hold: it leaves when a person, or a program such as "
                    + "MailScanner, releases it.")
            risk.parameter = hold.parameter
            return risk
        }
    }

    private func stoppedDelivery(_ fault: Host.Fault) -> RelayRisk {
        let isTaken =
            !explanation.judgements.isEmpty || host.master.services.contains { $0.command == "pickup" }
        return risk(
            "delivery-broken", at: fault.place,
            why: (isTaken ? "Mail is taken and waits in the queue" : "No mail is taken or delivered")
                + " until this is mended (\(fault.why)).")
    }

    private func risk(_ kind: String, at place: Place, why: String) -> RelayRisk {
        RelayRisk(
            kind: kind, parameter: explanation.parameter(at: place), file: host.quoting.name(of: place.file),
            line: place.line, text: host.quoting.text(of: place), why: why)
    }
}

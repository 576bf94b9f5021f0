import HostIO
import MailModel
import Observation

extension Host {
    /// Returns when Postfix is seen to work by the configuration that it was told to read: every port is
    /// served again, and no idle server process from before the reload is left.
    ///
    /// A process that talks to a client when Postfix reloads goes on until that session ends (master(8)); it
    /// is named rather than ended.
    func settle(since reload: Duration, as state: HostState) async throws(Failure) {
        let instruments = liveInstruments(terminal)
        let served = Set((state.listeners.value ?? []).map(\.port))
        let start = ContinuousClock.now
        while true {
            let listening = Set((observeListeners(on: served, instruments).value ?? []).map(\.port))
            let old = smtpServers(startedBefore: reload, instruments)
            if listening == served, old.isEmpty { return }
            if listening == served, start.duration(to: .now) > .seconds(3) {
                terminal.say(
                    "  \(old.count) SMTP sessions from before the reload go on under the old configuration "
                        + "until they end (pid \(old.map(String.init).joined(separator: ", ")))")
                return
            }
            guard start.duration(to: .now) < .seconds(15) else {
                let missing = served.subtracting(listening).sorted().map(String.init)
                throw Failure(
                    .failed, "after the reload nobody listens on port \(missing.joined(separator: ", "))",
                    remedy: "Look at the mail log for what stopped Postfix.")
            }
            // Cancellation only ends the pause.
            try? await Task.sleep(for: .milliseconds(50))
        }
    }
}

package import MailModel

/// The configuration of the MTA that serves this host's mail.
package enum ServingConfiguration: Sendable {
    case postfix(PostfixConfiguration)
    case qmail(QmailConfiguration)
    /// Why there is none, as a sentence without a full stop.
    case unseen(String)
}

/// Reads the configuration of the one MTA that is here; where both are, of the one that Plesk manages.
package func observeServingConfiguration(_ instruments: Instruments) async -> ServingConfiguration {
    let plesk = PleskInstallation.find(in: instruments.files)
    let hasQmail = instruments.files.exists("\(qmailDirectory(instruments.files))/control")
    let hasPostfix = instruments.files.exists("\(postfixDirectory)/main.cf")
    var isQmail = hasQmail
    if hasQmail, hasPostfix {
        var listeners = observeListeners(ports: [25], in: instruments.files)
        if case .seen(let seen) = listeners { listeners = .seen(await identified(seen, instruments)) }
        let managed = await observeManagedMTA(
            mailmng: try? plesk.get().mailmng, listeners: listeners, instruments)
        switch managed {
        case .seen(let mta): isQmail = mta.mta == .qmail
        case .unseen(let reason): return .unseen(reason)
        }
    }
    guard isQmail else {
        switch await observePostfix(instruments) {
        case .seen(let configuration): return .postfix(configuration)
        case .unseen(let reason): return .unseen(reason)
        }
    }
    let observed = await observePlesk(plesk, instruments)
    switch observeQmail(
        plesk: observed.state, domains: observed.hosted.value?.domains, instruments)
    {
    case .seen(let configuration): return .qmail(configuration)
    case .unseen(let reason): return .unseen(reason)
    }
}

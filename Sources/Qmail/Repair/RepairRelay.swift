package import MailModel

/// A configuration of Qmail after the smallest edits that close it.
package struct QmailRepair: Sendable, Equatable {
    package var repair: RelayRepair
    /// Whether xinetd or inetd must read its files again.
    package var reloadsSuperserver: Bool
    /// Whether it must be started again: it hands on the environment that it was started with.
    package var restartsSuperserver: Bool
    /// The directories of the supervised services that must be started again: their scripts and environments
    /// count only then.
    package var restartedServices: [String]
    /// Whether qmail-send must be started again: it reads `percenthack` only then.
    package var restartsQmail: Bool
    /// The units of systemd, without `.service`, that hand RELAYCLIENT on, and must be started again.
    package var restartedUnits: [String] = []
    /// Whether systemd must read its units again, of which it starts one for each client.
    package var reloadsUnits = false
}

/// Finds the smallest edits that close every cause of a relay in Qmail's files, and judges the edited bytes.
///
/// What a file says beside the cause stays byte for byte. Rules are compiled anew as `tcprules` would, and
/// `morercpthosts.cdb` as `qmail-newmrh` would, so that what is planned is what is written. A missing
/// `rcpthosts` gets the domains whose mail stays here.
/// - Parameter trusted: networks that an administrator vouched for; their rules stay.
package func repairRelay(_ configuration: QmailConfiguration, trusted: [IPNetwork]) -> QmailRepair {
    var workshop = Workshop(configuration, trusted: trusted)
    workshop.work()
    return workshop.result
}

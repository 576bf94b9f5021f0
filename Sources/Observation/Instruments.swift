package import HostIO
package import MailModel

/// Everything through which observing touches the world, so that a test can stand in for each part.
package struct Instruments: Sendable {
    /// Runs a program; the paths of programs are the host's own, whatever ``root`` is.
    package var run: RunProgram
    /// Where files are read: `/`, or a directory that holds a host's files under their own names.
    package var root: String
    /// The TCP ports that are looked at even when no smtpd names them.
    package var smtpPorts: Set<Int>
    package var now: @Sendable () -> Timestamp
    /// The host's addresses with the prefixes of their networks; `nil` when they cannot be had.
    package var interfaces: @Sendable () -> [IPNetwork]?
    package var deadlines: Deadlines
    /// What lookup tables that cannot be listed are asked for; without any they are not asked.
    package var strangersKeys: @Sendable () -> [String]

    /// How long each kind of source may take.
    package struct Deadlines: Sendable {
        /// One call of Plesk: the start of a PHP program and a query.
        package var plesk: Duration
        /// One call of `systemctl`, `postconf` or `mailmng`.
        package var system: Duration
        /// The listing of one compiled lookup table.
        package var table: Duration
        /// The counting of the queue.
        package var queue: Duration

        package init(
            plesk: Duration = .seconds(30), system: Duration = .seconds(10), table: Duration = .seconds(20),
            queue: Duration = .seconds(20)
        ) {
            self.plesk = plesk
            self.system = system
            self.table = table
            self.queue = queue
        }
    }

    package init(
        run: @escaping RunProgram, root: String, smtpPorts: Set<Int> = [25, 465, 587],
        now: @escaping @Sendable () -> Timestamp, interfaces: @escaping @Sendable () -> [IPNetwork]?,
        deadlines: Deadlines = Deadlines(), strangersKeys: @escaping @Sendable () -> [String] = { [] }
    ) {
        self.run = run
        self.root = root
        self.smtpPorts = smtpPorts
        self.now = now
        self.interfaces = interfaces
        self.deadlines = deadlines
        self.strangersKeys = strangersKeys
    }

    /// The instruments for the host that this process runs on.
    package static func live(
        run: @escaping RunProgram = runProgram, smtpPorts: Set<Int> = [25, 465, 587],
        now: @escaping @Sendable () -> Timestamp
    ) -> Instruments {
        Instruments(run: run, root: "/", smtpPorts: smtpPorts, now: now, interfaces: interfaceNetworks)
    }

    var files: HostFiles { HostFiles(root: root) }
}

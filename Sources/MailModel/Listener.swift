/// A TCP socket that accepts connections, and the program behind it.
package struct Listener: Hashable, Sendable, Codable {
    package var address: IPAddress
    package var port: Int
    /// The lowest process id that holds the socket; `nil` when no process could be seen.
    package var processID: Int?
    /// The absolute path of the program, with ` (deleted)` taken off.
    package var executable: String?
    /// The systemd unit whose control group the process is in.
    package var unit: String?
    /// The programs that xinetd or inetd starts for a connection, the first with its whole path.
    package var served: [String]
    /// The configuration directory of a Postfix that is not the host's own: a further instance
    /// (MULTI_INSTANCE_README), with rules of its own.
    package var instance: String?
    /// Whether a socket of IPv6 takes no clients of IPv4 (`IPV6_V6ONLY`); `nil` where the kernel did not say.
    package var isIPv6Only: Bool?
    /// What is known of a program that is not the managed MTA's; `nil` where nobody asked.
    package var origin: ProgramOrigin?

    package init(
        address: IPAddress, port: Int, processID: Int?, executable: String?, unit: String?,
        served: [String] = [], origin: ProgramOrigin? = nil
    ) {
        self.address = address
        self.port = port
        self.processID = processID
        self.executable = executable
        self.unit = unit
        self.served = served
        self.origin = origin
    }
}

/// Where distributions and Plesk have Postfix's daemons: a program of that name elsewhere is another.
private let postfixDirectories = ["/usr/lib/postfix/", "/usr/lib64/postfix/", "/usr/libexec/postfix/"]

extension Listener {
    /// Which of the MTAs that Plesk can manage answers here; `nil` for any other program.
    package var mta: MailTransferAgent? {
        guard let executable, instance == nil else { return nil }
        switch executable.split(separator: "/").last ?? "" {
        // master(8) holds the sockets; smtpd inherits them.
        case "master", "smtpd", "postscreen":
            return postfixDirectories.contains(where: executable.hasPrefix) ? .postfix : nil
        case "qmail-smtpd": return .qmail
        case "tcpserver", "sslserver", "tcpsvd", "sslsvd", "s6-tcpserverd", "s6-tcpserver4d",
            "s6-tcpserver6d",
            "s6-ipcserverd", "xinetd", "inetd", "inetutils-inetd", "systemd":
            let servers = ["qmail-smtpd", "qmail-qmtpd", "qmail-qmqpd"]
            return served.contains { program in servers.contains(where: program.hasSuffix) } ? .qmail : nil
        default: return nil
        }
    }
}

extension Listener {
    /// Whether clients of IPv4 get to a socket of IPv6, as they do unless it is told otherwise (ipv6(7)).
    package var takesIPv4: Bool { address.width == 128 && address.isUnspecified && isIPv6Only != true }

    /// The program that a client speaks to, as a person would name it.
    package var programName: String {
        if let program = served.first { return program }
        if processID == 1, let manager = origin?.manager { return manager.name }
        return holderName
    }

    /// The program that holds the socket.
    package var holderName: String {
        guard let executable else { return "a program that could not be seen" }
        return instance.map { "\(executable) of \($0)" } ?? executable
    }
}

/// Who has a port, as one moment can be compared with another: without process ids.
package struct PortHolder: Hashable, Sendable, Codable {
    package var address: String
    package var port: Int
    /// As ``Listener/programName``.
    package var program: String

    package init(_ listener: Listener) {
        address = listener.address.description
        port = listener.port
        program = listener.programName
    }

    /// Whether other hosts can reach it.
    package var isReachable: Bool { IPAddress(address)?.isLoopback != true }

    /// Whether it is a program of the host's own Postfix or Qmail.
    package var isOfMTA: Bool {
        (postfixDirectories + ["/var/qmail/bin/"]).contains {
            program.hasPrefix($0) && !program.contains(" ")
        }
    }
}

/// Where a running program comes from, and what would start it again.
package struct ProgramOrigin: Hashable, Sendable, Codable {
    /// Its command line, as the process has it.
    package var command: [String]
    /// The package that its file is of; `nil` when no package manager knows it.
    package var package: String?
    /// `nil` when nothing was found that manages it: started by hand.
    package var manager: ServiceManager?
    /// What may start it again when it is merely ended, where that is nothing that can be told to stop it alone: a
    /// unit of systemd that is more than this program, or a supervisor.
    package var keeper: String?
    /// Where it hands connections on to, when it is a proxy: `127.0.0.1:10025`.
    package var forwardsTo: String?
    /// Whether it speaks SMTP with clients itself, and hands on what passes its own rules.
    package var isFilter: Bool?
    /// Its own queue.
    package var queue: ForeignQueue?
    /// What else the reader should know, as a sentence without a full stop.
    package var note: String?

    package init(
        command: [String], package: String? = nil, manager: ServiceManager? = nil, keeper: String? = nil,
        forwardsTo: String? = nil, isFilter: Bool? = nil, queue: ForeignQueue? = nil, note: String? = nil
    ) {
        self.isFilter = isFilter
        self.command = command
        self.package = package
        self.manager = manager
        self.keeper = keeper
        self.forwardsTo = forwardsTo
        self.queue = queue
        self.note = note
    }
}

/// Messages that wait in the queue of a program that is not the managed MTA.
package struct ForeignQueue: Hashable, Sendable, Codable {
    package var directory: String
    package var messages: Int
    /// How many of them are tests of a probe; `nil` where that was not counted.
    package var tests: Int?

    package init(directory: String, messages: Int, tests: Int? = nil) {
        self.directory = directory
        self.messages = messages
        self.tests = tests
    }
}

/// What starts a program, and starts it again when it is merely killed.
package enum ServiceManager: Hashable, Sendable, Codable {
    /// A service and the sockets that start it, each with its state; the service first.
    case systemd([UnitState])
    /// An entry of xinetd.
    case xinetd(file: String, service: String)
    /// A line of inetd.conf, from 1.
    case inetd(file: String, line: Int)
    /// A start script, and whether it is run at boot.
    case script(path: String, isEnabled: Bool)
    /// A job of upstart.
    case upstart(job: String)
    /// What daemontools, runit or s6 keeps running.
    case supervised(SupervisedDirectory)
}

/// A directory with a start script that is kept running (supervise(8), runsv(8), s6-supervise).
package struct SupervisedDirectory: Hashable, Sendable, Codable {
    package var path: String
    /// The program that starts and stops it: `svc`, `sv` or `s6-svc`.
    package var control: String
    /// Whether it is started at boot: whether there is no file `down` in it.
    package var isEnabled: Bool
    /// Whether it was to run; `nil` for yes.
    package var isWanted: Bool?

    package init(path: String, control: String, isEnabled: Bool, isWanted: Bool? = nil) {
        self.path = path
        self.control = control
        self.isEnabled = isEnabled
        self.isWanted = isWanted
    }

    private var program: Substring { control.split(separator: "/").last ?? "" }

    var stop: [String] {
        switch program {
        case "sv": [control, "down", path]
        case "s6-svc": [control, "-wD", "-T", "30000", "-d", path]
        default: [control, "-d", path]
        }
    }

    var start: [String] { program == "sv" ? [control, "up", path] : [control, "-u", path] }
    var enable: [String] { ["/bin/rm", "-f", "\(path)/down"] }
    var disable: [String] { ["/bin/touch", "\(path)/down"] }
}

/// A unit of systemd as it was.
package struct UnitState: Hashable, Sendable, Codable {
    /// `exim4.service`.
    package var name: String
    /// `active`, `inactive`, `failed`, …
    package var active: String
    /// `enabled`, `disabled`, `masked`, `static`, `transient`, …; empty for a unit without a file.
    package var file: String
    /// Where the file is, when `systemctl link` made it a unit from outside systemd's directories.
    package var linkedFrom: String?

    /// Of a masked unit: whether something wants it still, so that it is enabled once it is unmasked; systemctl does not
    /// say so.
    package var isWantedBehindMask: Bool?

    /// The links below `/etc/systemd/system` that disabling it takes away, hand-made ones and those of the units in its
    /// `Also=` with it: their paths, and what they lead to.
    package var links: [String: String]?
    /// Whether it is no part of the service, but requires it, and so is stopped along with it.
    package var requiresService: Bool?
    /// Whether it has to be masked, or another unit would start it again at boot.
    package var isToBeMasked: Bool?

    package init(name: String, active: String, file: String, linkedFrom: String? = nil) {
        self.name = name
        self.active = active
        self.file = file
        self.linkedFrom = linkedFrom
    }

    package var isActive: Bool { active == "active" || active == "activating" || active == "reloading" }
    package var isDragged: Bool { requiresService == true }
    /// Whether there are more links to it than one that makes it a unit.
    package var isLinked: Bool { links?.keys.contains { $0 != "/etc/systemd/system/\(name)" } == true }
    package var isMasked: Bool { file == "masked" || file == "masked-runtime" }
    /// Has to be enabled to be started at boot.
    package var isDisabled: Bool { file == "disabled" || isWantedBehindMask == false }
    package var isEnabled: Bool { file == "enabled" || file == "enabled-runtime" || file == "generated" }
    /// Its file goes when it ends: nothing can start it again.
    package var isTransient: Bool { file == "transient" }
}

extension [UnitState] {
    /// Without those that only require the service.
    var own: [UnitState] { filter { !$0.isDragged } }
}

/// Everything that decides what a Qmail does with a client, as bytes and data: no daemon, no I/O.
package struct QmailConfiguration: Sendable, Equatable {
    /// A file that is there; what is not there is in no table.
    package enum File: Hashable, Sendable {
        case content(FileContent)
        /// A directory, or something else that no program can read as a file.
        case notRegular
        /// Why it cannot be read, as a sentence without a full stop.
        case unreadable(String)

        package var bytes: [UInt8]? {
            if case .content(let content) = self { content.bytes } else { nil }
        }
    }

    /// A process, with the words and the environment that it was started with (proc(5)).
    package struct RunningServer: Hashable, Sendable {
        package var processID: Int
        package var command: [String]
        package var environment: [String: String]
        /// Where it is: what it names by a relative path is there.
        package var directory: String?
        /// The directory of its start script; `nil` where none is supervised.
        package var supervised: String?

        package init(
            processID: Int, command: [String], environment: [String: String], directory: String? = nil,
            supervised: String? = nil
        ) {
            self.directory = directory
            self.supervised = supervised
            self.processID = processID
            self.command = command
            self.environment = environment
        }
    }

    /// A process that starts servers, and has RELAYCLIENT in the environment that it hands on to them.
    package struct Starter: Hashable, Sendable {
        /// `xinetd`, `inetd`, or the directory that it supervises.
        package var name: String
        package var processID: Int
        /// Its unit of systemd, without `.service`.
        package var unit: String?
        /// Of RELAYCLIENT.
        package var value: String

        package init(name: String, processID: Int, unit: String?, value: String) {
            self.name = name
            self.processID = processID
            self.unit = unit
            self.value = value
        }
    }

    /// `QMAIL_ROOT_D`: `/var/qmail`.
    package var directory: String
    /// Files by their path on the host: control files, `.qmail` files of the alias user, xinetd's and inetd's
    /// files, start scripts of supervised services with their environment directories, tcpserver's rules.
    package var files: [String: File]
    /// Those of them that start nothing, as nobody reads them: a start script that is not supervised or switched
    /// off, the file of an inetd that does not run.
    package var idle: Set<String> = []
    /// Every tcpserver, whatever has started it: a supervised start script, a boot script, or a hand.
    package var running: [RunningServer] = []
    package var starters: [Starter] = []
    /// Programs that services name and that are others in truth, by a link or since they were overwritten: each with
    /// the path of what it is.
    package var disguised: [String: String] = [:]
    /// Whether this is a copy read elsewhere: then tables may be there in source form only.
    package var isCopy: Bool
    /// What `relaylock` lets relay: the white list of Plesk; `nil` when it was not seen.
    package var whiteList: [WhiteListEntry]?
    /// The networks that a POP login has opened `relaylock` for, while Plesk lets such logins count; a lock for the
    /// one address that logged in is no stranger's.
    package var popLocks: [WhiteListEntry] = []
    /// The domains that Plesk hosts; `nil` when they were not seen.
    package var domains: [String]?
    /// daemontools' `svc`, which starts supervised services again; `nil` when it was not seen.
    package var superviseControl: String?
    /// The same of those directories that runit or s6 supervises: `sv`, `s6-svc`.
    package var superviseControls: [String: String] = [:]

    package init(
        directory: String = "/var/qmail", files: [String: File], isCopy: Bool,
        whiteList: [WhiteListEntry]? = nil, domains: [String]? = nil, superviseControl: String? = nil
    ) {
        self.directory = directory
        self.files = files
        self.isCopy = isCopy
        self.whiteList = whiteList
        self.domains = domains
        self.superviseControl = superviseControl
    }
}

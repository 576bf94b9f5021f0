import Foundation

/// What a unit that runs `agent recover` is held to, as lines of systemd.exec(5).
///
/// As `integrations/systemd/agent-recover.service`, with a private `/tmp` left out: the store may be there.
/// - Parameter store: May be anywhere, and its directory is written to.
func sandbox(store: String) -> [String] {
    let directory = URL(filePath: store).deletingLastPathComponent().path
    let isElsewhere = !["/etc/", "/var/", "/run/"].contains { (directory + "/").hasPrefix($0) }
    let own = isElsewhere ? " " + systemdWord("-" + directory) : ""
    return ["ReadWritePaths=/etc /var /run -/opt/psa -/usr/local/psa" + own] + commonSandbox
}

private let commonSandbox = [
    // A command of Plesk that is under way is not ended half-way: the program waits for it.
    "KillMode=mixed",
    // Swift's runtime would log that it may not raise the priority of its threads.
    "Environment=LIBDISPATCH_LOG=NO",
    "ProtectSystem=strict",
    "ProtectHome=read-only",
    "PrivateDevices=yes",
    "ProtectClock=yes",
    "ProtectControlGroups=yes",
    "ProtectHostname=yes",
    "ProtectKernelLogs=yes",
    "ProtectKernelModules=yes",
    "ProtectKernelTunables=no",
    "LockPersonality=yes",
    "NoNewPrivileges=yes",
    "RestrictRealtime=yes",
    "RestrictSUIDSGID=yes",
    "RemoveIPC=yes",
    "KeyringMode=private",
    "RestrictNamespaces=net mnt",
    "RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6 AF_NETLINK",
    "SystemCallArchitectures=native",
    "SystemCallFilter=@system-service @mount",
    "SystemCallFilter=~@clock @cpu-emulation @debug @module @obsolete @raw-io @reboot @swap",
    "SystemCallErrorNumber=EPERM",
    // One line: of several, systemd-run(1) would leave the last.
    "CapabilityBoundingSet="
        + [
            "CAP_CHOWN", "CAP_DAC_OVERRIDE", "CAP_DAC_READ_SEARCH", "CAP_FOWNER", "CAP_FSETID", "CAP_KILL",
            "CAP_LEASE", "CAP_LINUX_IMMUTABLE", "CAP_NET_ADMIN", "CAP_NET_BIND_SERVICE", "CAP_NET_RAW",
            "CAP_SETGID", "CAP_SETUID", "CAP_SYS_ADMIN", "CAP_SYS_CHROOT", "CAP_SYS_PTRACE",
        ].joined(separator: " "),
]

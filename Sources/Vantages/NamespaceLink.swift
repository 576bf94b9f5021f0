internal import Glibc
internal import HostIO
internal import MailModel
internal import Probing

/// A pair of virtual interfaces between the network namespace of this process and that of another one.
///
/// The namespace has no name and belongs to the process that was started in it: when that process ends,
/// however it ends, the kernel removes the namespace, the pair, and the addresses and routes on it. Nothing
/// is left to clean up, after SIGKILL neither (network_namespaces(7), veth(4)).
struct NamespaceLink: Hashable, Sendable, Codable {
    /// The process in whose namespace the other end is put.
    var hostProcess: Int32
    var addresses: NamespaceAddresses
    /// The host's routing tables beside the main one, by the width of the addresses that rules send there.
    var tables: [Int: [String]] = [:]

    /// The name inside; there is no other interface but `lo`.
    private static let insideName = "outside"
    /// Locally administered; each is seen only on the other end of the pair.
    private static let insideMAC = "02:00:5e:00:53:02"
    private static let hostMAC = "02:00:5e:00:53:01"
    private static let deadline = Duration.seconds(10)
    private static let ipPaths = ["/usr/sbin/ip", "/sbin/ip", "/usr/bin/ip", "/bin/ip"]

    /// The name on the host: at most 15 bytes, and telling whose it is.
    private var hostName: String { "\(VantageAddress.linkPrefix)\(getpid())" }

    /// Where `ip` of iproute2 is.
    static func ipPath() throws(Failure) -> String {
        guard let path = ipPaths.first(where: { access($0, X_OK) == 0 }) else {
            throw Failure(
                .failed, "the netns vantage needs the program ip, which is not installed",
                remedy:
                    "Install the package iproute2 (Debian) or iproute (Red Hat), or use another vantage with `--from`."
            )
        }
        return path
    }

    /// Makes the pair, gives both ends their addresses, and the namespace its default route.
    func make(_ runProgram: RunProgram) async throws(Failure) {
        let ip = try Self.ipPath()
        let onHost = ["--net=/proc/\(hostProcess)/ns/net", "--"]
        try await run(runProgram, ip, ["-batch", "-"], pairCommands)
        if addresses.v6 != nil {
            let (tee, own, host) = (
                "/usr/bin/tee", Self.switchOfIPv6(Self.insideName), Self.switchOfIPv6(hostName)
            )
            _ = try? await run(runProgram, tee, [own], ["0"])
            _ = try? await run(runProgram, "/usr/bin/nsenter", onHost + [tee, host], ["0"])
        }
        try await run(runProgram, ip, ["-batch", "-"], insideCommands)
        try await run(runProgram, "/usr/bin/nsenter", onHost + [ip, "-batch", "-"], hostCommands)
        try await run(runProgram, ip, ["-batch", "-"], routeCommands)
    }

    /// Removes the pair at once; the kernel would do it a moment after the process has ended.
    func remove(_ runProgram: RunProgram) async {
        guard let ip = try? Self.ipPath() else { return }
        _ = try? await run(runProgram, ip, ["link", "delete", Self.insideName], [])
    }

    /// A new interface has what `net.ipv6.conf.default.disable_ipv6` says, which need not hold for the one that the
    /// server is reached by. Its own setting goes with it. Where it cannot be written, the address is not taken either.
    private static func switchOfIPv6(_ name: String) -> String {
        "/proc/sys/net/ipv6/conf/\(name)/disable_ipv6"
    }

    private var pairCommands: [String] {
        [
            "link set lo up",
            "link add \(Self.insideName) address \(Self.insideMAC) type veth"
                + " peer name \(hostName) address \(Self.hostMAC) netns \(hostProcess)",
        ]
    }

    private var insideCommands: [String] {
        addressCommands(Self.insideName) { $0.vantage } + otherAddressCommands
            + ["link set \(Self.insideName) up"]
            + peerCommands(Self.insideName, Self.hostMAC) { $0.host }
    }

    private var hostCommands: [String] {
        addressCommands(hostName) { $0.host } + ["link set \(hostName) up"]
            + peerCommands(hostName, Self.insideMAC) { $0.vantage }
            + addresses.others.flatMap { peerCommands(hostName, Self.insideMAC, $0.address) }
            + tableCommands
    }

    /// Where rules send the host's answers to other tables, they have to know the way as well. Routes go with the
    /// link; a rule of our own would stay when this process is killed.
    private var tableCommands: [String] {
        let peers = [addresses.v4, addresses.v6].compactMap { $0?.vantage } + addresses.others.map(\.address)
        return peers.flatMap { peer in
            (tables[peer.width] ?? []).map { table in
                "route replace \(peer)/\(peer.width) dev \(hostName) table \(table)"
            }
        }
    }

    private var routeCommands: [String] {
        [addresses.v4, addresses.v6].compactMap { pair in
            pair.map { "route add default via \($0.host) dev \(Self.insideName) onlink" }
        }
    }

    private func addressCommands(
        _ name: String, _ side: (NamespaceAddresses.Pair) -> IPAddress
    ) -> [String] {
        [addresses.v4, addresses.v6].compactMap { pair in
            guard let pair else { return nil }
            let own = side(pair)
            // Nobody else is on the link, so there is no duplicate to wait for (RFC 4862 section 5.4).
            let now = own.width == 128 ? " nodad" : ""
            return "address add \(own)/\(own.width) dev \(name)\(now)"
        }
    }

    private var otherAddressCommands: [String] {
        addresses.others.map { other in
            let now = other.address.width == 128 ? " nodad" : ""
            return "address add \(other.address)/\(other.address.width) dev \(Self.insideName)\(now)"
        }
    }

    /// The way to the other end; only once the link is up, or IPv6 forgets it again.
    ///
    /// Each end is told where the other is, so that neither has to ask: neighbour discovery would wait for
    /// the link-local address, and a host may be set up to answer no ARP for addresses of other interfaces.
    private func peerCommands(
        _ name: String, _ address: String, _ side: (NamespaceAddresses.Pair) -> IPAddress
    ) -> [String] {
        [addresses.v4, addresses.v6].flatMap { pair -> [String] in
            guard let peer = pair.map(side) else { return [] }
            return peerCommands(name, address, peer)
        }
    }

    private func peerCommands(_ name: String, _ address: String, _ peer: IPAddress) -> [String] {
        [
            "route replace \(peer)/\(peer.width) dev \(name)",
            "neighbour replace \(peer) lladdr \(address) dev \(name) nud permanent",
        ]
    }

    private func run(
        _ runProgram: RunProgram, _ executable: String, _ arguments: [String], _ lines: [String]
    ) async throws(Failure) {
        let result = try await runProgram(
            ProgramCall(
                executable: executable, arguments: arguments,
                input: Array(lines.map { $0 + "\n" }.joined().utf8), deadline: Self.deadline,
                outputLimit: 65_536))
        guard result.succeeded else {
            throw Failure(
                .cannotTell, "the network namespace for the probe could not be set up",
                detail: String(result.errorText.prefix(500)),
                remedy: "Probe from another machine: `agent probe --from direct HOST` there.")
        }
    }
}

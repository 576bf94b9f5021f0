import Glibc
package import MailModel

/// The addresses of this host's interfaces that are up, with the prefixes of their networks (getifaddrs(3)).
///
/// Without those of a probe that runs at the same time: its addresses are gone before anybody else could use them.
/// - Returns: in byte order of their text, without duplicates; `nil` when the kernel does not tell.
package func interfaceNetworks() -> [IPNetwork]? {
    var first: UnsafeMutablePointer<ifaddrs>?
    guard getifaddrs(&first) == 0 else { return nil }
    defer { freeifaddrs(first) }
    var networks: Set<IPNetwork> = []
    var all: [IPNetwork] = []
    var next = first
    while let interface = next?.pointee {
        next = interface.ifa_next
        guard interface.ifa_flags & UInt32(IFF_UP) != 0, let address = interface.ifa_addr,
            !String(cString: interface.ifa_name).hasPrefix(VantageAddress.linkPrefix),
            let value = ipAddress(address)
        else { continue }
        let mask = interface.ifa_netmask.flatMap(ipAddress)
        guard let network = IPNetwork(value, prefix: mask.map(leadingOnes) ?? value.width) else { continue }
        // Networks are equal whatever their host bits; two addresses of one network are both wanted.
        if networks.insert(network).inserted || !all.contains(where: { $0.address == value }) {
            all.append(network)
        }
    }
    return all.sorted { $0.description < $1.description }
}

private func ipAddress(_ address: UnsafeMutablePointer<sockaddr>) -> IPAddress? {
    switch Int32(address.pointee.sa_family) {
    case AF_INET:
        return address.withMemoryRebound(to: sockaddr_in.self, capacity: 1) {
            .v4(UInt32(bigEndian: $0.pointee.sin_addr.s_addr))
        }
    case AF_INET6:
        return address.withMemoryRebound(to: sockaddr_in6.self, capacity: 1) { pointer in
            withUnsafeBytes(of: pointer.pointee.sin6_addr) { bytes in
                .v6(
                    high: UInt64(bigEndian: bytes.loadUnaligned(as: UInt64.self)),
                    low: UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self)))
            }
        }
    default: return nil
    }
}

private func leadingOnes(_ mask: IPAddress) -> Int {
    switch mask {
    case .v4(let bits): (~bits).leadingZeroBitCount
    case .v6(let high, let low):
        high == .max ? 64 + (~low).leadingZeroBitCount : (~high).leadingZeroBitCount
    }
}

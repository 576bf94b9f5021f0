internal import Glibc
package import MailModel

/// The addresses of a name, as this machine's resolver gives them (getaddrinfo(3)).
/// - Returns: Without duplicates; empty when there are none or the resolver does not answer.
package func resolve(_ name: String) -> [IPAddress] {
    var hints = addrinfo()
    hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
    var list: UnsafeMutablePointer<addrinfo>?
    guard getaddrinfo(name, nil, &hints, &list) == 0 else { return [] }
    defer { freeaddrinfo(list) }
    var found: [IPAddress] = []
    var next = list
    while let entry = next?.pointee {
        var text = [CChar](repeating: 0, count: Int(NI_MAXHOST))
        let length = socklen_t(text.count)
        if getnameinfo(entry.ai_addr, entry.ai_addrlen, &text, length, nil, 0, NI_NUMERICHOST) == 0,
            let address = IPAddress(String(decoding: text.prefix { $0 != 0 }.map(UInt8.init), as: UTF8.self)),
            !found.contains(address)
        {
            found.append(address)
        }
        next = entry.ai_next
    }
    return found
}

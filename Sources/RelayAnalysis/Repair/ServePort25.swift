package import MailModel
import Postfix

/// The smallest edits that have Postfix serve port 25 for other hosts, where its configuration keeps it off: a `smtp`
/// service that is commented out or bound to the loopback, or `inet_interfaces` that names the loopback alone.
/// - Returns: The configuration with the edits, and what they touch in each file; `nil` where they would not do.
package func servingPort25(
    _ configuration: PostfixConfiguration
) -> (configuration: PostfixConfiguration, touches: [(path: String, what: String)])? {
    var edited = configuration
    var touches: [(path: String, what: String)] = []
    if port25(edited).isEmpty {
        edited.masterCF.bytes = withSMTPService(edited.masterCF.bytes)
        touches.append((edited.masterCF.path, "smtp/inet"))
    }
    if port25(edited).allSatisfy(\.isLoopback),
        let unbound = withoutLoopbackNames(edited.masterCF.bytes)
    {
        edited.masterCF.bytes = unbound.bytes
        touches.append((edited.masterCF.path, unbound.what))
    }
    if port25(edited).allSatisfy(\.isLoopback) {
        let main = MainCF(edited.mainCF.bytes)
        edited.mainCF.bytes = applying(main.setting("inet_interfaces", to: "all"), to: main.bytes)
        touches.append((edited.mainCF.path, "inet_interfaces"))
    }
    return port25(edited).contains { !$0.isLoopback } ? (edited, touches) : nil
}

private func port25(_ configuration: PostfixConfiguration) -> [ServiceListener.Address] {
    Host(configuration, trusted: []).listeners.filter { $0.port == 25 }.flatMap(\.addresses)
}

/// With `127.0.0.1:smtp` as `smtp`; master(8) could not bind what else names an address of the port beside that.
private func withoutLoopbackNames(_ bytes: [UInt8]) -> (bytes: [UInt8], what: String)? {
    let services = MasterCF(bytes).services.filter { service in
        service.type == "inet" && ServiceEndpoint(serviceName: service.name).port == 25
    }
    guard services.allSatisfy({ ServiceEndpoint(serviceName: $0.name).host != nil }),
        let kept = services.first(where: { !$0.name.hasPrefix("[") }) ?? services.first
    else { return nil }
    let edits = services.flatMap { service -> [TextEdit] in
        guard service != kept else {
            return service.line.places(of: 0..<service.name.utf8.count).map { TextEdit($0.range, "smtp") }
        }
        return service.line.pieces.map { TextEdit(insert: "#", at: $0.range.lowerBound) }
    }
    return (applying(edits, to: bytes), kept.title)
}

/// With the line that Postfix ships: where it is commented out, its `#` goes.
private func withSMTPService(_ bytes: [UInt8]) -> [UInt8] {
    var start = 0
    while start < bytes.count {
        let end = bytes[start...].firstIndex(of: 0x0a) ?? bytes.count
        let body = bytes[start..<end].drop { $0 == UInt8(ascii: "#") }
        // A line that began with white space would go on with the service above.
        let text = body.drop { $0 == 0x20 || $0 == 0x09 }
        let fields = String(decoding: text, as: UTF8.self).split(whereSeparator: \.isWhitespace)
        if body.startIndex > start, fields.count >= 8, ["smtp", "25"].contains(fields[0]),
            fields[1] == "inet",
            fields[7] == "smtpd"
        {
            return applying([TextEdit(start..<text.startIndex, "")], to: bytes)
        }
        start = end + 1
    }
    return applying(
        [MainCF(bytes).appending("smtp      inet  n       -       -       -       -       smtpd")], to: bytes)
}

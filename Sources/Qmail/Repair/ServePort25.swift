package import MailModel

/// The smallest edit that has xinetd serve port 25 for Qmail, where a line keeps Plesk's entry off.
/// - Returns: The configuration with the edit, and what it touches; `nil` where nothing keeps the entry off.
package func servingPort25(
    _ configuration: QmailConfiguration
) -> (configuration: QmailConfiguration, path: String, what: String)? {
    guard let off = configuration.switchedOff.first(where: { $0.name == "smtp_psa" }),
        let number = off.place.line, let culprit = off.place.culprit,
        case .content(var content)? = configuration.files[off.place.file]
    else { return nil }
    var lines = Lines(content.bytes)
    let word = Word(text: culprit, line: number)
    switch off.obstacle {
    case .own: lines.replace(word, with: "no", occurrence: 0)
    case .disabled: lines.remove(word: culprit, fromLine: number)
    case .enabledOthers(let id): lines.insert(id, before: word)
    }
    guard lines.bytes != content.bytes else { return nil }
    content.bytes = lines.bytes
    var edited = configuration
    edited.files[off.place.file] = .content(content)
    guard !edited.switchedOff.contains(where: { $0.name == "smtp_psa" }) else { return nil }
    return (edited, off.place.file, off.obstacle == .own ? "smtp_psa: disable = no" : "defaults: smtp_psa")
}

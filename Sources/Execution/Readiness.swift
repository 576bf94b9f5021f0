import HostIO
import MailModel

/// Makes sure, before the first write anywhere, that every file that may have to be written can be, and that
/// nothing of a killed run stands beside it.
/// - Throws: ``Failure`` with `.failed` for a file that must not be replaced, and `.personMustAct` where a
///   killed run left a content that belongs to somebody else.
func makeReady(_ paths: [String]) throws(Failure) {
    var kept: [String] = []
    for directory in Set(paths.map(directory(of:))).sorted() { kept += try removeLeftovers(in: directory) }
    guard kept.isEmpty else {
        throw Failure(
            .personMustAct, "an interrupted write left somebody else's content aside",
            detail: kept.joined(separator: "\n"),
            remedy: "Compare each with the file it stands beside, keep what is right, and remove it.")
    }
    for path in paths { try checkReplaceable(path) }
}

private func directory(of path: String) -> String {
    guard let slash = path.lastIndex(of: "/"), slash != path.startIndex else { return "/" }
    return String(path[..<slash])
}

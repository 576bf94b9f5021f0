/// The keys of a policy, block by block, in the order in which they are shown.
enum PolicyKeys {
    static let version = "version"
    static let relaying = "relaying"
    static let whiteList = "white-list"
    static let port25 = "port-25"
    static let relay = "relay"
    static let queue = "queue"
    static let probe = "probe"
    static let afterApply = "after-apply"
    static let backups = "backups"

    static let within = "within"
    static let vouched = "vouched"
    static let network = "network"
    static let reason = "reason"
    static let until = "until"
    static let strangers = "strangers"
    static let warnAbove = "warn-above"
    static let flood = "flood"
    static let from = "from"
    static let ports = "ports"
    static let mailBroken = "mail-broken"
    static let unconfirmed = "unconfirmed"
    static let keepLast = "keep-last"
    static let keepWithin = "keep-within"

    /// What the file itself holds; the blocks below name the rest.
    static let top = [version, relaying, whiteList, port25, relay, queue, probe, afterApply, backups]

    static let blocks: [(name: String, keys: [String])] = [
        (whiteList, [within, vouched]), (relay, [strangers]), (queue, [warnAbove, flood]),
        (probe, [from, ports]), (afterApply, [mailBroken, unconfirmed]), (backups, [keepLast, keepWithin]),
    ]

    static let vouchedKeys = [network, reason, until]

    /// What a drop-in may hold.
    static let dropInTop = [version, whiteList]
    static let dropInWhiteList = [vouched]

    static func keys(of block: String) -> [String] {
        blocks.first { $0.name == block }?.keys ?? []
    }

    /// The blocks that hold `key`.
    static func homes(of key: String) -> [String] {
        blocks.filter { $0.keys.contains(key) }.map(\.name)
    }
}

/// The known word that `word` was most likely meant to be.
///
/// Case and the difference between `-`, `_` and a space count for nothing; else the words may differ in a
/// third of their letters, where two letters changed round are one difference.
/// - Returns: `nil` when no known word is near.
func nearest(to word: String, among known: [String]) -> String? {
    guard word.utf8.count <= 40 else { return nil }
    let written = normalized(word)
    let ranked = known.map { ($0, editDistance(written, normalized($0))) }
        .filter { $0.1 <= (max(written.count, $0.0.utf8.count) + 1) / 3 }
    return ranked.min { $0.1 < $1.1 }?.0
}

private func normalized(_ word: String) -> [Character] {
    word.lowercased().map { "_ ".contains($0) ? "-" : $0 }
}

/// The optimal string alignment distance: insertions, deletions, substitutions and neighbours changed round.
private func editDistance(_ left: [Character], _ right: [Character]) -> Int {
    var rows = [Array(0...right.count)]
    for i in 0..<left.count {
        var row = [i + 1]
        for j in 0..<right.count {
            var best = min(rows[i][j + 1] + 1, row[j] + 1, rows[i][j] + (left[i] == right[j] ? 0 : 1))
            if i > 0, j > 0, left[i] == right[j - 1], left[i - 1] == right[j] {
                best = min(best, rows[i - 1][j - 1] + 1)
            }
            row.append(best)
        }
        rows.append(row)
    }
    return rows[left.count][right.count]
}

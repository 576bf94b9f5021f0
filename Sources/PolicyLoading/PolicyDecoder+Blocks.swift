internal import MailModel

extension PolicyDecoder {
    /// The top of a file: checked for its version before anything else, since another version has other keys.
    mutating func top(
        _ root: PolicyNode, known: [String], misplaced: (String) -> Misplaced?
    ) -> [String: PolicyNode] {
        if case .mapping(let pairs) = root.content {
            let written = pairs.first { pair in
                if case .scalar(PolicyKeys.version, _) = pair.key.content { true } else { false }
            }
            guard isReadable(written?.value, of: root) else { return [:] }
        }
        return fields(of: root, named: "", known: known, misplaced: misplaced) ?? [:]
    }

    /// - Returns: whether the rest is worth reading: not when the file is written for another version.
    private mutating func isReadable(_ version: PolicyNode?, of root: PolicyNode) -> Bool {
        let reads = "this program reads version \(PolicyLimits.version)"
        guard let version else {
            report(
                "`version` is missing; \(reads)", at: root.location,
                remedy: "Begin the file with `version: \(PolicyLimits.version)`.")
            return true
        }
        if case .scalar(String(PolicyLimits.version), .plain) = version.content { return true }
        if case .scalar(let text, .plain) = version.content, let number = Int(text) {
            report("the policy is of version \(number); \(reads)", at: version.location)
            return false
        }
        refuse(version, "`version` must be the number \(PolicyLimits.version)")
        return true
    }

    /// What the main file says, on top of the default.
    mutating func policy(_ root: PolicyNode, startingFrom standard: Policy) -> Policy {
        var policy = standard
        let top = top(root, known: PolicyKeys.top) { _ in nil }
        if let node = top[PolicyKeys.relaying],
            let word = choice(
                node, named: PolicyKeys.relaying, among: Policy.Relaying.allCases.map(\.rawValue))
        {
            policy.relaying = Policy.Relaying(rawValue: word) ?? policy.relaying
        }
        if let node = top[PolicyKeys.port25] { _ = choice(node, named: PolicyKeys.port25, among: ["plesk"]) }
        readRelay(top[PolicyKeys.relay])
        readWhiteList(top[PolicyKeys.whiteList], into: &policy.whiteList)
        readQueue(top[PolicyKeys.queue], into: &policy.queue)
        readProbe(top[PolicyKeys.probe], into: &policy.probe)
        readAfterApply(top[PolicyKeys.afterApply], into: &policy.afterApply)
        readBackups(top[PolicyKeys.backups], into: &policy.backups)
        return policy
    }

    /// What a drop-in adds.
    mutating func additions(_ root: PolicyNode) -> [VouchedNetwork] {
        let top = top(root, known: PolicyKeys.dropInTop) { key in
            guard PolicyKeys.top.contains(key) else { return nil }
            return Misplaced(
                summary: "a drop-in cannot set `\(key)`",
                remedy: "It belongs in the policy file; a drop-in adds entries to `white-list.vouched`.")
        }
        guard let node = top[PolicyKeys.whiteList],
            let fields = fields(
                of: node, named: PolicyKeys.whiteList, known: PolicyKeys.dropInWhiteList,
                misplaced: { key in
                    guard PolicyKeys.keys(of: PolicyKeys.whiteList).contains(key) else { return nil }
                    return Misplaced(
                        summary: "a drop-in cannot set `white-list.\(key)`",
                        remedy:
                            "It belongs in the policy file; a drop-in adds entries to `white-list.vouched`.")
                }), let vouched = fields[PolicyKeys.vouched]
        else { return [] }
        return self.vouched(vouched)
    }

    private mutating func block(_ node: PolicyNode?, named name: String) -> [String: PolicyNode] {
        guard let node else { return [:] }
        return fields(of: node, named: name, known: PolicyKeys.keys(of: name)) ?? [:]
    }

    private mutating func readWhiteList(_ node: PolicyNode?, into whiteList: inout Policy.WhiteList) {
        let fields = block(node, named: PolicyKeys.whiteList)
        if let node = fields[PolicyKeys.within] { whiteList.within = within(node) ?? whiteList.within }
        if let node = fields[PolicyKeys.vouched] { whiteList.vouched = vouched(node) }
    }

    private mutating func readRelay(_ node: PolicyNode?) {
        let fields = block(node, named: PolicyKeys.relay)
        if let node = fields[PolicyKeys.strangers] {
            _ = choice(node, named: "relay.strangers", among: ["refuse"])
        }
    }

    private mutating func readQueue(_ node: PolicyNode?, into queue: inout Policy.Queue) {
        let fields = block(node, named: PolicyKeys.queue)
        if let node = fields[PolicyKeys.warnAbove],
            let count = number(
                node, named: "queue.warn-above", in: PolicyLimits.warnAbove, unit: " messages")
        {
            queue.warnAbove = count
        }
        if let node = fields[PolicyKeys.flood],
            let word = choice(node, named: "queue.flood", among: Policy.Flood.allCases.map(\.rawValue))
        {
            queue.flood = Policy.Flood(rawValue: word) ?? queue.flood
        }
    }

    private mutating func readProbe(_ node: PolicyNode?, into probe: inout Policy.Probe) {
        let fields = block(node, named: PolicyKeys.probe)
        if let node = fields[PolicyKeys.from] {
            if case .scalar(let text, _) = node.content, let vantage = VantageAddress(text) {
                probe.from = vantage
            } else {
                refuse(
                    node, "`probe.from` must be a vantage",
                    remedy: "Allowed: netns, direct, ssh://[user@]host, https://host[:port].")
            }
        }
        if let node = fields[PolicyKeys.ports] { probe.ports = ports(node) ?? probe.ports }
    }

    private mutating func ports(_ node: PolicyNode) -> [Int]? {
        guard let items = list(node, named: "probe.ports") else { return nil }
        guard !items.isEmpty else {
            report(
                "`probe.ports` is empty: a probe without a port proves nothing", at: node.location,
                remedy: "Leave the key out for the default, 25, 465 and 587.")
            return nil
        }
        var ports: [Int] = []
        for item in items {
            guard let port = number(item, named: "probe.ports", in: PolicyLimits.port) else { continue }
            if ports.contains(port) {
                report("\(port) is written twice in `probe.ports`", at: item.location)
            } else {
                ports.append(port)
            }
        }
        return ports
    }

    private mutating func readAfterApply(_ node: PolicyNode?, into afterApply: inout Policy.AfterApply) {
        let fields = block(node, named: PolicyKeys.afterApply)
        if let node = fields[PolicyKeys.mailBroken],
            let word = choice(
                node, named: "after-apply.mail-broken", among: Policy.MailBroken.allCases.map(\.rawValue))
        {
            afterApply.mailBroken = Policy.MailBroken(rawValue: word) ?? afterApply.mailBroken
        }
        if let node = fields[PolicyKeys.unconfirmed],
            let word = choice(
                node, named: "after-apply.unconfirmed", among: Policy.Unconfirmed.allCases.map(\.rawValue))
        {
            afterApply.unconfirmed = Policy.Unconfirmed(rawValue: word) ?? afterApply.unconfirmed
        }
    }

    private mutating func readBackups(_ node: PolicyNode?, into backups: inout Policy.Backups) {
        let fields = block(node, named: PolicyKeys.backups)
        if let node = fields[PolicyKeys.keepLast],
            let count = number(
                node, named: "backups.keep-last", in: PolicyLimits.keepLast, unit: " change sets")
        {
            backups.keepLast = count
        }
        if let node = fields[PolicyKeys.keepWithin],
            let days = days(node, named: "backups.keep-within", in: PolicyLimits.keepWithinDays)
        {
            backups.keepWithinDays = days
        }
    }
}

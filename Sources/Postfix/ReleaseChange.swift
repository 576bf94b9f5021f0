/// What a release of Postfix changed in who may relay, between 2.3 and 3.10.
///
/// Everything here that depends on the release asks for one of these by name.
package enum ReleaseChange: CaseIterable, Sendable {
    case reverseNameAccess
    case postscreen
    case serverAccessByClient
    case allowListsByDNS
    case textTables
    case sqliteTables
    case failingTables
    case memcacheTables
    case everyProtocol
    case relayRestrictions
    case proxyProtocol
    case socketTables
    case lmdbTables
    case loginAccess
    case compatibilityLevel
    case addressAccess
    case tablesInPlace
    case policyDefaultAction
    case conditionsInCIDRTables
    case relayRestrictionsByLevel
    case certificateChainFiles
    case logFiles
    case orderedLevels
    case relayBeforeRecipient
    case allowAndDenyLists
    case strongFingerprints
    case patternsInPlace
    case removedRestrictions
    case strictLineEnds

    /// The first release that has it.
    package var since: PostfixVersion { facts.since }

    /// Where Postfix itself says so: the file in its source, and the day that the note is headed with.
    package var releaseNote: String {
        "RELEASE_NOTES-\(since.major).\(since.minor)" + (facts.day.map { ", \($0)" } ?? "")
    }

    private var facts: (since: PostfixVersion, day: String?) {
        switch self {
        case .reverseNameAccess: (PostfixVersion(2, 6), "20080212")
        case .postscreen: (PostfixVersion(2, 8), nil)
        case .serverAccessByClient: (PostfixVersion(2, 8), nil)
        case .allowListsByDNS: (PostfixVersion(2, 8), nil)
        case .textTables: (PostfixVersion(2, 8), nil)
        case .sqliteTables: (PostfixVersion(2, 8), "20100617")
        case .failingTables: (PostfixVersion(2, 9), nil)
        case .memcacheTables: (PostfixVersion(2, 9), nil)
        case .everyProtocol: (PostfixVersion(2, 9), nil)
        case .relayRestrictions: (PostfixVersion(2, 10), "20130613")
        case .proxyProtocol: (PostfixVersion(2, 10), "20120625")
        case .socketTables: (PostfixVersion(2, 10), nil)
        case .lmdbTables: (PostfixVersion(2, 11), nil)
        case .loginAccess: (PostfixVersion(2, 11), "20131031")
        case .compatibilityLevel: (PostfixVersion(3, 0), "20141009")
        case .addressAccess: (PostfixVersion(3, 0), "20140620")
        case .tablesInPlace: (PostfixVersion(3, 0), "20141126")
        case .policyDefaultAction: (PostfixVersion(3, 0), "20140703")
        case .conditionsInCIDRTables: (PostfixVersion(3, 2), "20160527")
        case .relayRestrictionsByLevel: (PostfixVersion(3, 3), "20180106")
        case .certificateChainFiles: (PostfixVersion(3, 4), nil)
        case .logFiles: (PostfixVersion(3, 4), nil)
        case .orderedLevels: (PostfixVersion(3, 6), nil)
        case .relayBeforeRecipient: (PostfixVersion(3, 6), "20210131")
        case .allowAndDenyLists: (PostfixVersion(3, 6), "20210220")
        case .strongFingerprints: (PostfixVersion(3, 6), nil)
        case .patternsInPlace: (PostfixVersion(3, 7), "20210605")
        case .removedRestrictions: (PostfixVersion(3, 9), "20240218")
        case .strictLineEnds: (PostfixVersion(3, 9), nil)
        }
    }

    /// The changes that a parameter's built-in value depends on.
    package static func ofDefault(_ parameter: String) -> [ReleaseChange] {
        switch parameter {
        case "mynetworks_style", "relay_domains", "append_dot_mydomain": [.compatibilityLevel]
        case "inet_protocols": [.everyProtocol]
        case "smtpd_relay_restrictions": [.relayRestrictions, .relayRestrictionsByLevel]
        case "smtpd_recipient_restrictions": [.relayRestrictions]
        case "smtpd_relay_before_recipient_restrictions": [.relayBeforeRecipient]
        case "smtpd_policy_service_default_action": [.policyDefaultAction]
        default: []
        }
    }

    /// What brought a type of lookup table; `nil` for one that always was.
    package static func ofTable(_ table: TableName) -> ReleaseChange? {
        if table.isInlinePatterns { return .patternsInPlace }
        return switch table.type {
        case "texthash": .textTables
        case "sqlite": .sqliteTables
        case "fail": .failingTables
        case "memcache": .memcacheTables
        case "socketmap": .socketTables
        case "lmdb": .lmdbTables
        case "inline", "unionmap", "pipemap", "randmap": .tablesInPlace
        default: nil
        }
    }
}

extension PostfixVersion {
    package func includes(_ change: ReleaseChange) -> Bool { self >= change.since }
}

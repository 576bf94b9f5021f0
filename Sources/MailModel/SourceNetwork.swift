/// Where a client of a server may stand, as rules on client addresses see it.
package enum SourceNetwork: String, Hashable, Sendable, CaseIterable, Codable {
    /// In the network of the server's own interface (Postfix `mynetworks_style = subnet`).
    case neighbour
    /// In a private range (RFC 1918, RFC 4193).
    case privateRange = "private-range"
    /// In the other half of the address space: `0.0.0.0/1` is a rule that hides what it means.
    case otherHalf = "other-half"
    /// In another block of the same half: an exception for the vantage's own would hide the rule.
    case otherBlock = "other-block"
}

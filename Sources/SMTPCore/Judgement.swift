/// What a reply to an envelope means.
package enum Judgement: Hashable, Sendable {
    /// Why a server said no.
    package enum Ground: String, Hashable, Sendable, CaseIterable {
        /// Its rules on relaying, or no reason that says otherwise.
        case relay
        /// It wants a login or TLS first.
        case login
        /// It refuses the client, whatever it asks.
        case client
        /// A block list names the client: other clients may be treated otherwise.
        case blockList
        /// It does not like the vantage's missing DNS name, how it introduces itself, how much it asks, or what a policy
        /// holds of it: other clients may be treated otherwise.
        case vantage
        /// It does not like what the message says: nothing was decided about relaying.
        case content
        /// It does not like the sender's domain: nothing was decided about relaying.
        case sender
        /// It cannot find the recipient's domain: nothing was decided about relaying.
        case recipientDomain
        /// It refuses the way in which the client comes: a header of the PROXY protocol, XCLIENT, a login. Nothing was
        /// decided about relaying.
        case approach
        /// It said "not now" for longer than greylisting usually lasts.
        case persistent
    }

    case accepted
    case refused(Ground)
    /// Not now: neither yes nor no.
    case deferred

    /// Where in the dialogue a reply came.
    package enum Stage: Hashable, Sendable { case helo, mail, recipient, data, message }

    /// - Returns: `nil` for a reply that fits no place in the dialogue (1xx, 3xx, 503 for a lost sequence).
    package init?(_ heard: Reply, at stage: Stage) {
        let reply = heard.beforeSoftBounce
        if reply.isPositive {
            // Whoever takes a command for another one says yes to DATA: no message has followed.
            guard stage != .data else { return nil }
            self = .accepted
            return
        }
        let text = reply.lowercasedText
        if let ground = Self.ground(of: reply, text: text, at: stage) {
            self = .refused(ground)
        } else if reply.isTransient {
            // Postfix's `soft_bounce` says of nobody's mailbox that it may be there another time.
            let isRefusal =
                Self.speaksOfRelaying(text) || text.contains("user unknown")
                || Self.isSoftenedRule(reply, text)
            self = isRefusal ? .refused(.relay) : .deferred
        } else if reply.isPermanent, reply.code != 503 || Self.wantsLogin(text) {
            self = .refused(.relay)
        } else {
            return nil
        }
    }

    private static func ground(of reply: Reply, text: String, at stage: Stage) -> Ground? {
        guard reply.isPermanent || reply.isTransient else { return nil }
        if speaksOfRelaying(text) { return nil }
        if stage == .helo { return .vantage }
        if reply.isPermanent, RefusalWords.nameRelaying(text) { return nil }
        if RefusalWords.speakOfBlockList(text) { return .blockList }
        if stage == .message, reply.isPermanent, !isRuleAboutMessages(text) { return .content }
        // Too much at once passes; a name that is missing does not.
        if RefusalWords.speakOfName(text) || reply.isPermanent && RefusalWords.speakOfVantage(text)
            || reply.enhancedStatus?.isAboutClient == true || reply.isPermanent && isSystemClosed(reply)
        {
            return .vantage
        }
        if reply.code == 530 || reply.isPermanent && wantsLogin(text) { return .login }
        switch (reply.enhancedStatus?.subject, reply.enhancedStatus?.detail) {
        // SPF is about who claims the sender's domain (RFC 7372).
        case (1, 7), (1, 8), (7, 23), (7, 24), (7, 26), (7, 27): return .sender
        case (1, 2), (1, 10): return .recipientDomain
        default: break
        }
        // A transient refusal of the client (greylisting, a lookup that failed) may pass.
        let isFinal = reply.isPermanent || isSoftenedRule(reply, text)
        if isFinal, contains(text, ["client host rejected"]) { return .client }
        if contains(text, ["sender address rejected: domain not found", "sender verify failed"]) {
            return .sender
        }
        if contains(text, ["recipient address rejected: domain not found"]) { return .recipientDomain }
        // Before a recipient was named, nothing was decided about one.
        return stage == .mail && reply.isPermanent && reply.code != 503 ? .sender : nil
    }

    /// The words in which servers refuse to relay, in any class of code: Postfix's default is 454, and
    /// `soft_bounce` makes every 5xx a 4xx.
    private static func speaksOfRelaying(_ text: String) -> Bool {
        contains(
            text,
            [
                "relay access denied", "relaying denied", "relay not permitted", "relaying not allowed",
                "relay denied", "unable to relay", "not permitted to relay", "relaying is denied",
                "rcpthosts",
                "relaying prohibited", "we do not relay", "relay not allowed", "no relaying",
                // Postfix's own restrictions of these names (smtpd_check.c): the next client hears the same.
                "defer_if_permit requested", "defer_if_reject requested",
            ])
    }

    /// Whether this is Postfix's answer to `reject`, 554 5.7.1, made a 4xx by `soft_bounce`: a rule, which does not pass as
    /// greylisting does. Its `defer` has other codes.
    private static func isSoftenedRule(_ reply: Reply, _ text: String) -> Bool {
        reply.code == 454 && reply.enhancedStatus.map { ($0.subject, $0.detail) == (7, 1) } == true
            && contains(text, ["rejected: access denied"])
    }

    /// Whether a rule refuses every message at this stage, in Postfix's words for `smtpd_end_of_data_restrictions` and for
    /// `qmqpd_authorized_clients`; anything else after the message may be a filter that does not like what it reads.
    private static func isRuleAboutMessages(_ text: String) -> Bool {
        contains(text, ["<end-of-message>:", "is not authorized to use this service"])
    }

    /// Whether the system takes no mail (RFC 3463: X.3.2), which postscreen says to whom its lists deny.
    private static func isSystemClosed(_ reply: Reply) -> Bool {
        reply.enhancedStatus.map { ($0.subject, $0.detail) == (3, 2) } == true
    }

    private static func wantsLogin(_ text: String) -> Bool {
        contains(
            text,
            [
                "authentication required", "authentication is required", "requires authentication",
                "authenticate first", "must authenticate", "please authenticate", "need to authenticate",
                "not authenticated", "login required", "starttls", "not logged in",
            ])
    }

    private static func contains(_ text: String, _ words: [String]) -> Bool {
        words.contains { text.contains($0) }
    }
}
